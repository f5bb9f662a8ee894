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
    const trouble = page.getByRole("article", { name: `${job} fails` });
    await trouble.waitFor();
    assert.match(await trouble.textContent(), /since \d{4}-/);
    assert.match(await trouble.textContent(), /incidents: .*400 Bad Request: Invalid table incidant/);

    // From there to the run: the first error on top, with its place in the job and the answer that led to it.
    await trouble.getByRole("link", { name: failed }).click();
    const main = page.locator("main");
    assert.match(await main.locator(".error").first().textContent(), /Invalid table incidant/);
    assert.match(await main.locator(".marked").first().textContent(), /incidents/);
    assert.match(await main.textContent(), /sysparm_query=priority%3D1/);

    // What is different from the last run that went well: a line of the job, and what the server answered.
    await page.getByRole("navigation", { name: "Parts of the run" }).getByRole("link", { name: "Diff" }).click();
    assert.match(await main.textContent(), /the job's text was changed/);
    assert.match(await main.textContent(), /\+.*table\/incidant/s);

    // The job is mended in its file, the run goes on with it, and is watched to its end.
    await site.change(`${job}.yaml`, mended);
    await page.goto(`${site.address}/runs/${failed}`);
    await page.getByRole("button", { name: "Resume with the job of now" }).click();
    await page.waitForURL(new RegExp(`/runs/${failed}`));
    const status = main.locator("h1 .status");
    assert.match(await status.textContent(), /running/);
    const loaded = page.waitForEvent("load", { timeout: 20_000 });
    if (scripts) loaded.then(() => assert.fail("the page was loaded anew, not changed"), () => {});
    await main.locator("h1 .status-ok").waitFor({ timeout: 20_000 });
    assert.equal(JSON.parse(await site.snrun("history", "show", failed, "--json")).status, "ok");
    await end();
  });
}
