// What the pages do better with a script; all of them work without.
"use strict";

// A list that says how long there is left grows old in a window behind others: whoever comes back
// to it after a minute sees it anew. Not by itself while nobody looks, or no session would end.
const MINUTE = 60_000;
const shownAt = Date.now();

if (document.querySelector("[data-renewed]")) {
  document.addEventListener("visibilitychange", () => {
    const old = Date.now() - shownAt >= MINUTE;
    const typing = document.activeElement?.matches("input, textarea, select");
    if (document.visibilityState === "visible" && old && !typing) location.reload();
  });
}

// On paper nothing can be opened.
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details:not(.action)")) one.open = true;
});
