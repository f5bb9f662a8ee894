// What holds of every page: nothing keeps people from using it, in light and dark, wide and narrow; nothing that a server or a file
// says is carried out.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { Site, startBrowser } from "./site.mjs";
import { barriers, overflow, visit } from "./visit.mjs";

const attack = `"><script>globalThis.hacked = 1</script><img src=x onerror="globalThis.hacked = 2">`;

let browser, site, hostile, failed, good, evil;
before(async () => {
  hostile = createServer((_, response) => {
    response.setHeader("X-Note", `<script>globalThis.hacked = 3</script>`);
    response.setHeader("Content-Type", "text/html");
    response.statusCode = 500;
    response.end(`<html>${attack}</html>`);
  });
  await new Promise((resolve) => hostile.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${hostile.address().port}/${encodeURIComponent(attack)}`;
  browser = await startBrowser();
  site = await Site.start({
    "evil.yaml": `version: 1
description: ${JSON.stringify(attack)}
steps:
  - log: ${JSON.stringify(attack)}
  - id: asked
    name: ${JSON.stringify(attack)}
    rest: {url: ${JSON.stringify(url)}}
    retry: none
`,
    "broken.yaml": `version: 1\nsteps:\n  - fial: ${JSON.stringify(attack)}\n`,
  });
  good = await site.runs("incident_sync");
  await site.runs("tolerate");
  evil = await site.runs("evil");
  failed = evil;
});
after(async () => {
  await browser?.close();
  await site?.close();
  hostile?.close();
});

const paths = () => [
  "/", "/runs", "/runs?status=failed&job=evil", "/runs?text=hacked", "/runs?since=nonsense", `/runs/${good}`, `/runs/${failed}`,
  ...["steps", "exchanges", "diff", "inputs", "log", "job"].flatMap((tab) => [`/runs/${good}?tab=${tab}`, `/runs/${failed}?tab=${tab}`]),
  "/runs/nosuchrun", "/jobs", "/jobs/incident_sync", "/jobs/evil", "/jobs/broken", "/schedules", "/profiles", "/system",
];

for (const [name, options] of [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["light and narrow", { colorScheme: "light", viewport: { width: 390, height: 800 } }],
]) {
  test(`every page is accessible, ${name}`, { timeout: 180_000 }, async () => {
    const { page, signIn, end } = await visit(browser, site, options);
    await page.goto(site.address + "/");
    const found = await barriers(page);
    await signIn();
    for (const path of paths()) {
      await page.goto(site.address + path);
      found.push(...(await barriers(page)), await overflow(page));
      assert.equal(await page.evaluate(() => globalThis.hacked), undefined, path);
    }
    assert.equal(found.filter(Boolean).join("\n"), "");
    await end();
  });
}

test("what servers and files say is shown, not carried out", { timeout: 60_000 }, async () => {
  const { page, signIn, end } = await visit(browser, site);
  await signIn();
  for (const [path, text] of [
    [`/runs/${evil}`, "onerror="], [`/runs/${evil}?tab=log`, "onerror="], [`/runs/${evil}?tab=job`, "globalThis.hacked = 1"],
    ["/jobs/evil", "onerror="],
  ]) {
    await page.goto(site.address + path);
    assert.ok((await page.textContent("main")).includes(text), `${path} does not show ${text}`);
    assert.equal(await page.evaluate(() => globalThis.hacked), undefined, path);
    assert.equal(await page.locator("main script, main img[onerror]").count(), 0, path);
  }
  await end();
});

test("a viewer sees all and can change nothing", { timeout: 60_000 }, async () => {
  const { page, signIn, end } = await visit(browser, site);
  await signIn("--viewer");
  for (const path of ["/", `/runs/${failed}`, "/jobs/incident_sync", "/profiles", "/runs"]) {
    await page.goto(site.address + path);
    assert.deepEqual(await page.locator('main form[method="post"]').evaluateAll((forms) => forms.map((f) => f.outerHTML)), [], path);
  }
  const answer = await page.request.post(`${site.address}/runs/${failed}/resume`, { headers: { "Sec-Fetch-Site": "same-origin" } });
  assert.equal(answer.status(), 403);
  await end();
});

test("a link signs in once, and nobody comes in without", { timeout: 60_000 }, async () => {
  const link = await site.link();
  const first = await visit(browser, site);
  await first.page.goto(link);
  assert.equal(await first.page.getByRole("link", { name: "Overview" }).count(), 1);
  assert.ok(!first.page.url().includes("key="), "the key stays in the address");
  assert.equal(await first.page.evaluate(() => document.cookie), "", "scripts can read the cookie");
  await first.end();

  const second = await visit(browser, site);
  const again = await second.page.goto(link);
  assert.ok([401, 403].includes(again.status()), `a used link gives ${again.status()}`);
  for (const path of paths()) {
    const answer = await second.page.request.get(site.address + path, { maxRedirects: 0 });
    assert.equal(answer.status(), 401, path);
  }
  await second.end();
});

test("from the keyboard alone to a run", { timeout: 60_000 }, async () => {
  const { page, signIn, end } = await visit(browser, site);
  await signIn();
  await page.goto(site.address + "/runs");
  await page.keyboard.press("Tab");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /content/i);
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press("Tab");
    const [href, seen] = await page.evaluate(() => {
      const at = document.activeElement;
      const box = at.getBoundingClientRect();
      return [at.getAttribute("href"), box.width > 0 && getComputedStyle(at).outlineStyle !== "none"];
    });
    assert.ok(seen, `${href ?? "what has the focus"} does not show it`);
    if (href?.startsWith(`/runs/${evil}`)) break;
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/runs/${evil}`));
  await end();
});

test("times stand in the reader's zone, the server's whole one is at hand", { timeout: 60_000 }, async () => {
  const { page, signIn, end } = await visit(browser, site, { timezoneId: "Asia/Kolkata" });
  await signIn();
  await page.goto(`${site.address}/runs/${good}`);
  const time = page.locator("main time").first();
  const [at, text, whole] = [await time.getAttribute("datetime"), await time.textContent(), await time.getAttribute("title")];
  const there = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Kolkata", dateStyle: "short", timeStyle: "medium" }).format(new Date(at));
  assert.equal(text, there);
  assert.equal(new Date(whole).getTime(), Math.floor(new Date(at).getTime() / 1000) * 1000);
  await end();
});
