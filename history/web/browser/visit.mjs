// A visit to the pages by one person, in which whatever a browser complains about counts as a failure.

import assert from "node:assert/strict";

import { axeSource } from "./site.mjs";

// visit opens a context of its own. Its page fails the test on errors of scripts, violations of the policy, and requests to elsewhere.
export async function visit(browser, site, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const complaints = [];
  const page = await context.newPage();
  page.on("pageerror", (err) => complaints.push(`an error in a script: ${err.message}`));
  page.on("console", (m) => {
    const expected = /status of (4\d\d)/.test(m.text());
    if (["error", "warning"].includes(m.type()) && !expected) complaints.push(`${page.url()}: ${m.text()}`);
  });
  page.on("request", (r) => {
    if (!r.url().startsWith(site.address) && !r.url().startsWith("data:")) complaints.push(`a request to ${r.url()}`);
  });
  page.on("dialog", (d) => {
    complaints.push(`a dialog says ${d.message()}`);
    d.dismiss();
  });
  return {
    page,
    context,
    // signIn follows a one-time link.
    async signIn(...args) {
      await page.goto(await site.link(...args));
    },
    // end closes the context, and says what the browser complained about.
    async end() {
      await context.close();
      assert.deepEqual(complaints, []);
    },
  };
}

// barriers gives what axe-core finds on a page that is open.
export async function barriers(page) {
  await page.evaluate(axeSource); // not as a script of the page: its policy forbids that, as it should
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((v) => `${page.url()}: ${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.html).join("\n  ")}`);
}

// overflow gives what of a page stands beyond the right edge of the window, "" for nothing.
export async function overflow(page) {
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, globalThis.innerWidth]);
  return wide <= window ? "" : `${page.url()} is ${wide} pixels wide in a window of ${window}`;
}
