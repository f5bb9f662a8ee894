// A snrun serve over a copy of the examples, a browser, and what both need to be ended.

import { execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);
const binary = needed("SNRUN_TEST_BINARY");
const packages = createRequire(needed("SNRUN_TEST_BROWSER") + "/");
export const axeSource = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");

const root = join(import.meta.dirname, "..", "..", "..");

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: .ci/test-pages sets it`);
  return value;
}

// startBrowser starts a Chromium that asks nobody on the network for anything by itself.
export async function startBrowser() {
  return packages("playwright-core").chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });
}

// Site is a daemon with its pages, over a project of its own.
export class Site {
  // start copies the examples, puts further files beside them, and starts the daemon.
  static async start(files = {}) {
    const site = new Site();
    site.folder = mkdtempSync(join(tmpdir(), "snrun-pages-"));
    site.project = join(site.folder, "project");
    mkdirSync(site.project);
    for (const entry of readdirSync(join(root, "examples"), { withFileTypes: true })) {
      if (entry.name.endsWith(".yaml") || entry.name === "wsdl") {
        cpSync(join(root, "examples", entry.name), join(site.project, entry.name), { recursive: true });
      }
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(site.project, name), text);
    site.env = {
      PATH: process.env.PATH, HOME: site.folder, XDG_STATE_HOME: join(site.folder, "state"), XDG_RUNTIME_DIR: join(site.folder, "run"),
      SNRUN_KEY: Buffer.alloc(32, 7).toString("base64"), TZ: "Europe/Berlin",
    };
    mkdirSync(site.env.XDG_RUNTIME_DIR, { mode: 0o700 });
    await site.serve();
    return site;
  }

  // serve starts the daemon and waits until it is ready.
  async serve() {
    this.process = spawn(binary, ["serve", "--sandbox", "--listen", "127.0.0.1:0", "--log-format", "json"], {
      cwd: this.project, env: this.env, stdio: ["ignore", "inherit", "pipe"],
    });
    this.log = [];
    this.ended = new Promise((resolve) => this.process.once("exit", resolve));
    const lines = createInterface({ input: this.process.stderr });
    await new Promise((resolve, reject) => {
      this.process.once("exit", (code) => reject(new Error(`snrun serve ended with ${code}:\n${this.log.join("\n")}`)));
      lines.on("line", (line) => {
        this.log.push(line);
        const entry = line.startsWith("{") ? JSON.parse(line) : {};
        if (entry.msg === "ready") {
          this.address = `http://${entry.address}`;
          resolve();
        }
      });
    });
  }

  // snrun carries a command out in the project. It gives what it wrote to standard output.
  async snrun(...args) {
    const { stdout } = await run(binary, args, { cwd: this.project, env: this.env });
    return stdout.trim();
  }

  // runs triggers a job, waits for its end, and gives the id of its run, however it ended.
  async runs(job, ...inputs) {
    try {
      return await this.snrun("schedule", "trigger", job, "--wait", ...inputs);
    } catch (err) {
      if (!err.stdout) throw err; // it was not even queued
      return err.stdout.trim();
    }
  }

  // link gives a link that signs in, once.
  async link(...args) {
    const text = await this.snrun("ui", "--no-open", ...args);
    return text.match(/http:\/\/\S+/)[0];
  }

  // change edits a file of the project, and waits until the daemon has read it.
  async change(name, edit) {
    const file = join(this.project, name);
    const before = readFileSync(file, "utf8");
    const after = edit(before);
    if (after === before) throw new Error(`nothing was changed in ${name}`);
    const seen = this.log.length;
    writeFileSync(file, after);
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; await pause(50)) {
      if (this.log.slice(seen).some((line) => line.includes('"jobs read"') || line.includes("a file has mistakes"))) return;
    }
    throw new Error(`the daemon did not read ${name} again:\n${this.log.slice(seen).join("\n")}`);
  }

  // close ends the daemon, and removes what there is of the project.
  async close() {
    this.process.kill("SIGTERM");
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
