"use strict";
// The page can be read without this: it adds themes, tabs, sorting, copying and saving, and opens what is folded for print.

const $ = (what, within = document) => within.querySelector(what);
const $$ = (what, within = document) => [...within.querySelectorAll(what)];
const on = (element, event, act) => element && element.addEventListener(event, act);
const root = document.documentElement;
const live = $("#live");
root.classList.add("ready");

// themes: light, dark, or the system's
const kept = {
  get() { try { return localStorage.getItem("ablate-theme"); } catch { return null; } },
  set(theme) { try { localStorage.setItem("ablate-theme", theme); } catch { /* it is not kept, then */ } },
};
function setTheme(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const button of $$(".theme button")) button.setAttribute("aria-pressed", button.value === theme);
}
setTheme(kept.get() ?? "system");
for (const button of $$(".theme button")) on(button, "click", () => { setTheme(button.value); kept.set(button.value); });

// copying and saving; the button says so, and a screen reader
function answer(button, text) {
  const before = button.textContent;
  button.textContent = live.textContent = text;
  setTimeout(() => (button.textContent = before), 1200);
}
async function copy(button, text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    answer(button, "Copied");
  } catch {
    if (shown) getSelection().selectAllChildren(shown); // a browser may refuse: then what is to be copied is at least selected
    answer(button, shown ? "Selected" : "Not allowed");
  }
}
for (const block of $$(".code")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "lnk";
  button.textContent = "Copy";
  block.append(button);
  on(button, "click", () => copy(button, $("code", block).textContent, $("code", block)));
}
for (const button of $$("[data-copy]")) on(button, "click", () => copy(button, button.dataset.copy));
for (const button of $$("[data-save]")) on(button, "click", () => {
  const text = $(`template[data-file="${CSS.escape(button.dataset.save)}"]`).content.textContent;
  const link = document.createElement("a");
  link.download = button.dataset.save;
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

// one tooltip for the page; it is never the only place of a number
const tip = document.createElement("div");
tip.className = "tip";
tip.id = "tip";
tip.setAttribute("role", "tooltip");
$("main").append(tip);
let tipped = 0;
function showTip(content, x, y, side = 0) { // side: 1 right of x, -1 left of it, 0 above y
  tip.replaceChildren(...content);
  tip.classList.add("on");
  tipped = performance.now();
  const { offsetWidth: width, offsetHeight: height } = tip;
  const right = x + 16, left = x - 16 - width;
  const place = !side ? x - width / 2 : side > 0 ? (right + width > innerWidth - 8 ? left : right) : left < 8 ? right : left;
  tip.style.left = `${Math.max(8, Math.min(place, innerWidth - width - 8))}px`;
  tip.style.top = `${Math.max(8, Math.min(side ? y - height / 2 : y - height - 12, innerHeight - height - 8))}px`;
}
const hideTip = () => tip.classList.remove("on");
addEventListener("scroll", () => performance.now() - tipped > 200 && hideTip(), { passive: true });
on(document, "keydown", (event) => event.key === "Escape" && hideTip());

// a popover opens beside its button
for (const popover of $$("[popover]")) on(popover, "toggle", (event) => {
  const opener = $$(`[popovertarget=${popover.id}]`).find((button) => button.offsetWidth);
  if (event.newState !== "open" || !opener) return;
  const at = opener.getBoundingClientRect();
  popover.style.left = `${Math.max(16, Math.min(at.left, innerWidth - popover.offsetWidth - 16))}px`;
  popover.style.top = `${Math.min(at.bottom + 8, Math.max(8, innerHeight - popover.offsetHeight - 8))}px`;
});

// groups of buttons of which one is pressed
function choice(id, act) {
  const group = $(id);
  on(group, "click", (event) => {
    const pressed = event.target.closest("button");
    if (!pressed) return;
    for (const button of $$("button", group)) button.setAttribute("aria-pressed", button === pressed);
    act(pressed.value);
  });
}

// tabs, by click and arrow keys; a link into one opens it
const tabs = $$("[role=tab]");
function pick(chosen) {
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", tab === chosen);
    tab.tabIndex = tab === chosen ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
  }
}
tabs.forEach((tab, number) => {
  on(tab, "click", () => pick(tab));
  on(tab, "keydown", (event) => {
    const next = { ArrowRight: number + 1, ArrowLeft: number - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const other = tabs[(next + tabs.length) % tabs.length];
    pick(other);
    other.focus();
    other.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
});
if (tabs.length) {
  $(".tabs").hidden = false;
  for (const panel of $$(".panel")) { panel.setAttribute("role", "tabpanel"); panel.tabIndex = 0; }
  pick(tabs[0]);
}
function follow() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const panel = target && target.closest(".panel");
  if (!panel) return;
  pick(tabs.find((tab) => tab.getAttribute("aria-controls") === panel.id));
  target.scrollIntoView();
}
addEventListener("hashchange", follow);
follow();

// tables that sort by any column
const ORDERS = { none: "ascending", ascending: "descending", descending: "none" };
function sortable(table) {
  const body = table.tBodies[0];
  const written = [...body.rows];
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "sort by this column";
    button.append(...heading.childNodes);
    heading.append(button);
    heading.setAttribute("aria-sort", "none");
    on(button, "click", () => {
      const order = ORDERS[heading.getAttribute("aria-sort")];
      for (const other of headings) other.setAttribute("aria-sort", "none");
      heading.setAttribute("aria-sort", order);
      body.append(...(order === "none" ? written : sorted(written, column, heading.dataset.kind, order)));
    });
  });
}
// Rows without a value are last in both orders; rows with the same value stay as they were written.
function sorted(rows, column, kind, order) {
  const sign = order === "ascending" ? 1 : -1;
  const keyed = rows.map((row) => ({ row, value: row.cells[column].dataset.value }));
  const known = keyed.filter(({ value }) => value !== undefined);
  const compare = kind === "number" ? (a, b) => a - b : new Intl.Collator("en", { numeric: true }).compare;
  known.sort((a, b) => sign * compare(a.value, b.value));
  return [...known, ...keyed.filter(({ value }) => value === undefined)].map(({ row }) => row);
}
for (const table of $$("table.d")) if (table.tBodies[0].rows.length > 1) sortable(table);
for (const box of $$(".scroll")) if (!$("button", box)) box.tabIndex = 0; // what may scroll is reached by keys

let folded = [];
addEventListener("beforeprint", () => {
  folded = $$("details:not([open])");
  for (const part of folded) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of folded) part.open = false;
});
