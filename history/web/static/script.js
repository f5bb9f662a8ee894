// What pages do beyond links and forms: times in the reader's zone, and changes while a run goes on. All of them work without it.
"use strict";

// Times stand in the server's zone; here they are put into the reader's, with the server's whole one where they are pointed at.
function localTimes(root) {
  for (const t of root.querySelectorAll("time[datetime]")) {
    const at = new Date(t.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const two = (n) => String(n).padStart(2, "0");
    const text = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
    if (t.classList.contains("ago")) t.title = text; // it says how long ago that is
    else t.textContent = text;
  }
}

// While a run goes on, the server tells when there is something new. Then the page is fetched again and its live parts, which are those
// with data-part and an id, take the place of the ones here, where they are other ones: what is opened, chosen and focused stays so.
function live(main) {
  const part = (d) => [...d.querySelectorAll("[data-part][id]")];
  const shown = new Map(part(document).map((e) => [e.id, e.outerHTML]));
  let source = null, last = "", fetching = false, again = false, over = false, failures = 0, timer = 0;

  // What a reader has done to a part is done to its successor.
  function keep(old, fresh) {
    for (const e of old.querySelectorAll("details[id]")) {
      const f = fresh.querySelector("#" + CSS.escape(e.id));
      if (f) f.open = e.open;
    }
    for (const e of old.querySelectorAll("input[id], select[id], textarea[id]")) {
      const f = fresh.querySelector("#" + CSS.escape(e.id));
      if (f && f.type === "checkbox") f.checked = e.checked;
      else if (f && f.type !== "hidden") f.value = e.value;
    }
    const wide = [...old.querySelectorAll(".wide, pre")], freshWide = [...fresh.querySelectorAll(".wide, pre")];
    return wide.map((e, i) => [freshWide[i], e.scrollLeft, e.scrollTop]);
  }

  // The way to the focused element inside of a part, by its id, its address or its place.
  function focusIn(old) {
    const e = document.activeElement;
    if (!e || !old.contains(e) || e === old) return () => {};
    const same = `${e.localName}${e.id ? "#" + CSS.escape(e.id) : ""}`;
    const all = (root) => [...root.querySelectorAll(same)];
    const place = all(old).indexOf(e), href = e.getAttribute("href");
    return (fresh) => {
      const found = all(fresh);
      const f = (href && found.find((x) => x.getAttribute("href") === href)) || found[place];
      if (f) f.focus({ preventScroll: true });
    };
  }

  function swap(fresh) {
    for (const f of part(fresh)) {
      const html = f.outerHTML, old = document.getElementById(f.id);
      if (!old || shown.get(f.id) === html) continue;
      shown.set(f.id, html);
      const node = document.adoptNode(f);
      localTimes(node);
      const scrolled = keep(old, node), focus = focusIn(old);
      old.replaceWith(node);
      for (const [e, left, top] of scrolled) if (e) { e.scrollLeft = left; e.scrollTop = top; }
      focus(node);
    }
    document.title = fresh.title;
    const now = document.querySelector("[data-now]"), then = fresh.querySelector("[data-now]");
    if (now && then) { now.replaceWith(document.adoptNode(then)); localTimes(then); }
  }

  async function refresh() {
    if (fetching) { again = true; return; }
    fetching = true;
    do {
      again = false;
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        if (answer.status === 401) { location.reload(); return; }
        if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } catch { /* the stream tells when the server is there again */ }
      await new Promise((done) => setTimeout(done, 700)); // not more often, however much happens
    } while (again);
    fetching = false;
  }

  function connect() {
    if (source || over || document.hidden) return;
    const at = new URL(main.dataset.live, location.href);
    if (last) at.searchParams.set("seen", last);
    source = new EventSource(at);
    source.addEventListener("change", (e) => { failures = 0; last = e.lastEventId; refresh(); });
    source.addEventListener("end", () => { over = true; close(); });
    source.onopen = () => { failures = 0; };
    source.onerror = () => { // a browser tries again by itself only where the connection was lost
      if (!source || source.readyState !== EventSource.CLOSED) return;
      close();
      clearTimeout(timer);
      timer = setTimeout(connect, Math.min(60000, 2000 * 2 ** failures++));
    };
  }

  function close() {
    if (source) source.close();
    source = null;
  }

  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else connect(); });
  let ticks = 0;
  setInterval(() => { // what goes on grows longer; where nothing does, the server is asked less often what is late by now
    if (!source || source.readyState !== EventSource.OPEN) return;
    if (++ticks % 6 === 0 || main.querySelector(".status-running, .status-waiting")) refresh();
  }, 5000);
  addEventListener("pagehide", close);
  addEventListener("pageshow", connect);
  connect();
}

const main = document.querySelector("main[data-live]");
if (main) live(main); // before times are changed: what the server says is compared with what it said
localTimes(document);
