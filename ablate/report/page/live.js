"use strict";
// While a sweep trains: the bar follows it, and the page is loaded again when there is something new, unless somebody reads a row.
(async () => {
  const bar = document.querySelector(".bar .state"), line = document.querySelector(".prog i");
  const shown = document.documentElement.dataset.version;
  const reads = () => document.querySelector("[popover]:popover-open, [aria-expanded='true']") !== null;
  for (;;) {
    try {
      const now = await (await fetch("state")).json();
      if (now.version !== shown && !reads()) return location.reload();
      if (bar) bar.textContent = now.text;
      if (line) line.style.width = `${100 * now.progress}%`;
    } catch {
      if (bar) bar.textContent = "ablate watch has stopped";
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
})();
