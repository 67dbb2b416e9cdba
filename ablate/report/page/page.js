"use strict";
// The page can be read without this: it sorts tables, copies commands, and opens what is folded for print.

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
    button.addEventListener("click", () => {
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

function copied(block) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "copy";
  block.append(button);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      button.textContent = "copied";
    } catch {
      // A browser may refuse: then what is to be copied is at least selected.
      getSelection().selectAllChildren(block.querySelector("code"));
      button.textContent = "selected";
    }
    setTimeout(() => (button.textContent = "copy"), 2000);
  });
}

document.querySelectorAll("table").forEach((table) => {
  if (table.tBodies[0].rows.length > 1) sortable(table);
});
document.querySelectorAll(".code").forEach(copied);

let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const part of folded) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of folded) part.open = false;
});
