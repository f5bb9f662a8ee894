// What an operator does at night: find what is broken, read why, see what is different, mend it, go on, and watch it end.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Site, startBrowser } from "./site.mjs";
import { visit } from "./visit.mjs";

// A job that goes well against the sandbox, and takes long enough to be watched.
const sync = `version: 1
description: Counts the critical incidents, and tells the on-call service.
steps:
  - id: incidents
    rest: {profile: servicenow, path: /api/now/table/incident, query: {sysparm_query: priority=1, sysparm_limit: 5}}
  - wait: 2s
  - id: told
    set: {count: "\${len(steps.incidents.output.result)}"}
output: \${steps.told.output.count}
`;
const broken = (text) => text.replace("table/incident,", "table/incidant,");
const mended = (text) => text.replace("table/incidant,", "table/incident,");

let browser, site;
before(async () => {
  browser = await startBrowser();
  site = await Site.start({ "night_a.yaml": sync, "night_b.yaml": sync });
});
after(async () => {
  await browser?.close();
  await site?.close();
});

for (const [job, scripts] of [["night_a", true], ["night_b", false]]) {
  test(`a night with scripts ${scripts ? "on" : "off"}`, { timeout: 120_000 }, async () => {
    await site.runs(job);
    await site.change(`${job}.yaml`, broken);
    const failed = await site.runs(job);

    const { page, signIn, end } = await visit(browser, site, { javaScriptEnabled: scripts });
    await signIn();

    // The overview names the job, since when, and the first error; nothing has to be pressed.
    const trouble = page.getByRole("region", { name: "Failing" }).or(page.locator("#failing"));
    await trouble.getByText(job, { exact: true }).first().waitFor();
    assert.match(await trouble.textContent(), /404/);
    assert.match(await trouble.textContent(), /incidents/);

    // From there to the run, where the first error stands on top with the answer that led to it.
    await trouble.locator(`a[href="/runs/${failed}"]`).first().click();
    const main = page.locator("main");
    await main.getByText(failed).first().waitFor();
    assert.match(await main.locator(".error").first().textContent(), /404/);
    assert.match(await main.textContent(), /incidant/);

    // What is different from the last run that went well.
    await page.getByRole("navigation", { name: /run/i }).getByRole("link", { name: /diff/i }).click();
    assert.match(await main.textContent(), /404/);
    assert.match(await main.textContent(), /table\/incidant/);

    // The job is mended in its file, the run goes on with it, and is watched to its end.
    await site.change(`${job}.yaml`, mended);
    await page.goto(`${site.address}/runs/${failed}`);
    await page.getByRole("button", { name: /current|as it is now/i }).first().click();
    await page.waitForURL(new RegExp(`/runs/${failed}`));
    if (scripts) await page.locator("main .status-running").first().waitFor({ timeout: 10_000 });
    await page.locator("main h1 .status-ok, main .status-ok").first().waitFor({ timeout: 20_000 });
    await page.waitForFunction((id) => document.querySelector("main").textContent.includes(id), failed);
    assert.equal(JSON.parse(await site.snrun("history", "show", failed, "--json")).status, "ok");
    await end();
  });
}
