// The pictures of the README: the overview and a run that failed. With SNRUN_UPDATE_PICTURES=1 they are put into docs/images.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Site, startBrowser } from "./site.mjs";
import { visit } from "./visit.mjs";

let browser, site;
before(async () => {
  browser = await startBrowser();
  site = await Site.start();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

test("pictures", { timeout: 120_000 }, async () => {
  for (let i = 0; i < 3; i++) await site.runs("incident_sync");
  await site.runs("pagination");
  await site.change("incident_sync.yaml", (text) => text.replace("/v1/alerts", "/v1/alarms"));
  await site.snrun("schedule", "pause", "mirror", "--why", "until the other side is moved").catch(() => {});
  const failed = await site.runs("incident_sync", "-i", "priority=2");

  const { page, signIn, end } = await visit(browser, site, { viewport: { width: 1200, height: 860 }, colorScheme: "light" });
  await signIn();
  for (const [name, path] of [["overview", "/"], ["run", `/runs/${failed}`]]) {
    await page.goto(site.address + path);
    await page.evaluate((program) => { // who made the picture, and where, is nobody's business
      document.querySelector(".visitor").firstChild.textContent = "ann ";
      for (const code of document.querySelectorAll("footer code")) code.textContent = code.textContent.replace(program, "snrun");
    }, process.env.SNRUN_TEST_BINARY);
    const file = join(site.folder, `${name}.png`);
    const picture = await page.screenshot({ path: file });
    assert.ok(picture.length > 10_000, `${name}.png has ${picture.length} bytes`);
    if (process.env.SNRUN_UPDATE_PICTURES) {
      const images = join(import.meta.dirname, "..", "..", "..", "docs", "images");
      mkdirSync(images, { recursive: true });
      copyFileSync(file, join(images, `${name}.png`));
    }
  }
  await end();
});
