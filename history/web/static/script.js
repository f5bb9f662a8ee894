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

localTimes(document);
