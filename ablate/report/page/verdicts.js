// the verdicts: rows that open, sort and are filtered
const arms = $$(".v > tbody[id]");
function toggle(body, open = !body.classList.contains("is-open")) {
  body.classList.toggle("is-open", open);
  $(".nm", body).setAttribute("aria-expanded", open);
}
// An arm under the pointer stands out in the table and in the charts.
function hot(arm) {
  for (const plot of $$(".plot-a")) plot.classList.toggle("has-hot", !!arm);
  for (const part of $$(".plot-a [data-a]")) part.classList.toggle("hot", part.dataset.a === arm);
  for (const body of arms) $(".row", body).classList.toggle("hot", !!arm && body.dataset.arm === arm);
}
function rowTip(body) {
  const content = $$(".iv, .sd-t", body).map((part) => part.cloneNode(true));
  for (const table of content) table.className = table.tagName === "TABLE" ? "sd-t" : "";
  return content;
}
for (const body of arms) {
  toggle(body, false);
  const row = $(".row", body), button = $(".nm", body), lane = $(".lane", body);
  const tell = (x) => {
    const content = rowTip(body);
    if (content.length) showTip(content, x, row.getBoundingClientRect().top);
  };
  on(row, "click", (event) => { if (!event.target.closest("a") && !String(getSelection())) toggle(body); });
  on(lane, "pointermove", (event) => event.pointerType === "mouse" && tell(event.clientX));
  on(lane, "pointerleave", hideTip);
  on(row, "pointerenter", () => hot(body.dataset.arm));
  on(row, "pointerleave", () => hot(""));
  on(button, "focus", () => {
    if (!button.matches(":focus-visible")) return;
    hot(body.dataset.arm);
    const at = lane.getBoundingClientRect();
    tell(at.left + at.width / 2);
  });
  on(button, "blur", () => { hot(""); hideTip(); });
  button.setAttribute("aria-describedby", "tip");
}
const RANKS = ["helps", "hurts", "ink", "none", "open", "quiet", "pending"];
const number = (text) => (text === "nan" ? -Infinity : +text);
const KEYS = {
  plan: (body) => +body.dataset.plan,
  effect: (body) => -number(body.dataset.effect),
  verdict: (body) => RANKS.indexOf(body.classList[0]) * 1e6 - Math.abs(number(body.dataset.effect)),
  cost: (body) => -body.dataset.cost,
};
choice("#sort", (by) => $(".v").append(...[...arms].sort((a, b) => KEYS[by](a) - KEYS[by](b) || a.dataset.plan - b.dataset.plan)));
choice("#unit", (unit) => { if (unit === "rel") root.dataset.unit = "rel"; else delete root.dataset.unit; });
// A chip keeps the rows of its verdict.
const chips = $$(".chips button.chip");
for (const chip of chips) on(chip, "click", () => {
  const pressed = chip.getAttribute("aria-pressed") !== "true";
  for (const other of chips) other.setAttribute("aria-pressed", pressed && other === chip);
  for (const body of arms) body.classList.toggle("hide", pressed && !body.classList.contains(chip.value));
  const left = arms.filter((body) => !body.classList.contains("hide")).length;
  live.textContent = pressed ? `${left} of ${arms.length} shown` : `All ${arms.length} shown`;
});
function reveal() {
  const body = arms.find((each) => `#${each.id}` === location.hash);
  if (!body) return;
  body.classList.remove("hide");
  toggle(body, true);
  $(".nm", body).focus({ preventScroll: true });
}
addEventListener("hashchange", reveal);
reveal();
