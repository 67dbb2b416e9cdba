// a search: its trials over time, over two keys, and over all keys at once; what is kept in one is kept in all
const TRIALS = DATA.trials, AXES = DATA.axes;
for (const axis of AXES) axis.kept = [0, 1];
const scored = (trial) => trial.score !== null;
const inside = (trial, i = TRIALS.indexOf(trial)) => AXES.every((axis) => (axis.kept[0] === 0 && axis.kept[1] === 1)
  || (axis.at[i] !== null && axis.at[i] >= axis.kept[0] - 1e-6 && axis.at[i] <= axis.kept[1] + 1e-6));
const said = (trial) => `Trial ${trial.n}, ${trial.state}: ${AXES.map((axis) => `${axis.name} ${axis.text[TRIALS.indexOf(trial)]}`).join(", ")}`;
const inOrder = () => TRIALS.map((trial, i) => [trial, i]).filter(([trial]) => scored(trial)).sort(([a], [b]) => a.done - b.done || a.k - b.k);

function lit(n) {
  for (const view of $$(".views")) view.classList.toggle("has-h", n !== null);
  for (const part of $$("[data-n]")) part.classList.toggle("hot", part.dataset.n === String(n));
}
function wire(group, trial, x, y, focus) {
  group.dataset.n = trial.n;
  const tell = () => {
    lit(trial.n);
    const at = group.ownerSVGElement.getBoundingClientRect(), i = TRIALS.indexOf(trial);
    const head = `Trial ${trial.n}, ${trial.state}${trial.note ? `, ${trial.note}` : ""}`;
    showTip(tipTable(head, AXES.map((axis) => ["", axis.name, axis.text[i]])), at.left + x, at.top + y);
  };
  const away = () => { lit(null); hideTip(); };
  on(group, "pointerenter", tell);
  on(group, "pointerleave", away);
  if (!focus) return;
  group.setAttribute("tabindex", 0);
  group.setAttribute("role", "img");
  group.setAttribute("aria-label", said(trial));
  on(group, "focus", tell);
  on(group, "blur", away);
}
const group = (into, trial) => draw("g", { class: `t ${trial.done ? "done" : "pruned"}`, style: `--k:${trial.k}` }, into);
function dot(into, x, y, r) {
  draw("circle", { cx: x, cy: y, r: 12, fill: "transparent" }, into);
  draw("circle", { class: "dot", cx: x, cy: y, r }, into);
}
function note(svg, trial, x, y, anchor) {
  const label = draw("text", { class: "an", x, y, "text-anchor": anchor }, svg, `${trial.note} `);
  draw("tspan", {}, label, trial.score.toFixed(1));
}

function drawHistory() {
  const box = $("#history");
  const width = box.clientWidth, height = width < 480 ? 300 : 344, left = 48, right = 84, top = 44, bottom = 44;
  const known = TRIALS.filter(scored), [low, high] = range(known.map((trial) => trial.score));
  box.replaceChildren();
  const [svg, y] = frame(box, [width, height], [left, right, top, bottom], [low, high], `${DATA.axis} of each trial in order of finishing`);
  const x = (rank) => left + ((rank - 0.5) / TRIALS.length) * (width - left - right);
  for (const rank of ticks(1, TRIALS.length, 4)) draw("text", { x: x(rank), y: height - bottom + 20, "text-anchor": "middle" }, svg, rank);
  draw("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, svg, "trials, in order of finishing");
  let best = null, line = "";
  for (const trial of known.filter((each) => each.done).sort((a, b) => a.rank - b.rank)) {
    if (best !== null && DATA.better * (trial.score - best) <= 0) continue;
    line += best === null ? `M${x(trial.rank)} ${y(trial.score)}` : `H${x(trial.rank)}V${y(trial.score)}`;
    best = trial.score;
  }
  if (best !== null) draw("path", { class: "best-l", d: `${line}H${width - right}` }, svg);
  for (const trial of known) {
    const own = group(svg, trial);
    dot(own, x(trial.rank), y(trial.score), 5.5);
    wire(own, trial, x(trial.rank), y(trial.score), false);
    if (trial.note === "default") note(svg, trial, x(trial.rank) - 4, y(trial.score) - 12, "start");
    if (trial.note === "best" && best === trial.score) note(svg, trial, width - right + 8, y(best) + 4, "start");
  }
}
function drawMap() {
  const box = $("#map");
  if (!box) return;
  const [across, up] = DATA.pair.map((i) => AXES[i]);
  const width = box.clientWidth, height = width < 480 ? 300 : 344, left = 48, right = 16, top = 40, bottom = 44;
  box.replaceChildren();
  const svg = draw("svg", { width, height, role: "group", "aria-label": `Trials over ${across.name} and ${up.name}` }, box);
  const x = (at) => left + 14 + at * (width - left - right - 28), y = (at) => height - bottom - 20 - at * (height - top - bottom - 20);
  for (const [at, text] of up.ticks) {
    draw("line", { class: "gridl", x1: left, x2: width - right, y1: y(at), y2: y(at) }, svg);
    draw("text", { x: left - 8, y: y(at) + 4, "text-anchor": "end" }, svg, text);
  }
  for (const [at, text] of across.ticks) {
    draw("line", { class: "gridl", x1: x(at), x2: x(at), y1: top - 8, y2: height - bottom }, svg);
    draw("text", { x: x(at), y: height - bottom + 20, "text-anchor": "middle" }, svg, text);
  }
  draw("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }, svg);
  draw("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, svg, across.name);
  draw("text", { x: 0, y: 12 }, svg, up.name);
  for (const [trial, i] of inOrder()) {
    const own = group(svg, trial), at = [x(across.at[i]), y(up.at[i])];
    dot(own, ...at, 7);
    wire(own, trial, ...at, true);
    if (!trial.note) continue;
    draw("circle", { class: "ring", cx: at[0], cy: at[1], r: 11 }, svg);
    note(svg, trial, at[0], at[1] - 16, at[0] > width - 80 ? "end" : at[0] < 80 ? "start" : "middle");
  }
}
function drawParallel() {
  const box = $("#parallel");
  const width = box.clientWidth, small = width < 560, height = 320, left = small ? 44 : 72, right = small ? 48 : 80, top = 56, bottom = 16;
  box.replaceChildren();
  const svg = draw("svg", { width, height, role: "group", "aria-label": "Parallel coordinates: one line a trial" }, box);
  const x = (i) => left + (i / (AXES.length - 1)) * (width - left - right), y = (at) => height - bottom - at * (height - top - bottom);
  for (const [trial, i] of inOrder()) {
    const own = group(svg, trial), spots = AXES.map((axis, j) => [x(j), axis.at[i] === null ? null : y(axis.at[i])]).filter(([, at]) => at !== null);
    const line = spots.map(([px, py], j) => {
      if (!j) return `M${px} ${py}`;
      const [qx, qy] = spots[j - 1], middle = (px - qx) / 2;
      return `C${qx + middle} ${qy} ${px - middle} ${py} ${px} ${py}`;
    }).join("");
    draw("path", { class: "pl", d: line }, own);
    for (const [px, py] of spots) draw("circle", { class: "dot", cx: px, cy: py, r: 3.5 }, own);
    draw("path", { class: "near", d: line }, own);
    wire(own, trial, ...spots.at(-1), false);
  }
  AXES.forEach((axis, i) => {
    const at = x(i), last = i === AXES.length - 1;
    const head = draw("text", { class: "h", x: !i ? 0 : last ? width : at, y: i % 2 && small ? 36 : 20, "text-anchor": !i ? "start" : last ? "end" : "middle" }, svg, axis.name);
    if (!small && !i) head.setAttribute("x", Math.max(0, at - 60));
    draw("line", { class: "pax", x1: at, x2: at, y1: top, y2: height - bottom }, svg);
    for (const [place, text] of axis.ticks) {
      draw("line", { class: "pax", x1: at - 4, x2: at, y1: y(place), y2: y(place) }, svg);
      draw("text", { class: "pt-l", x: last ? at + 14 : at - 14, y: y(place) + 4, "text-anchor": last ? "start" : "end" }, svg, text);
    }
    const bar = draw("rect", { class: "rangebar", x: at - 8, width: 16 }, svg);
    const drag = html("div", "drag");
    drag.style.cssText = `left:${at}px;top:${top}px;height:${height - top - bottom}px`;
    box.append(drag);
    const stops = [...new Set([0, ...axis.at.filter((place) => place !== null), 1])].sort((a, b) => a - b);
    const nearest = (place) => axis.text[axis.at.reduce((best, each, j) => (each !== null && (best < 0 || Math.abs(each - place) < Math.abs(axis.at[best] - place)) ? j : best), -1)] ?? "";
    const thumbs = ["lowest", "highest"].map((name, end) => {
      const thumb = html("div", "thumb");
      thumb.tabIndex = 0;
      thumb.setAttribute("role", "slider");
      thumb.setAttribute("aria-orientation", "vertical");
      thumb.setAttribute("aria-label", `${axis.name}, ${name} kept`);
      thumb.setAttribute("aria-valuemin", 0);
      thumb.setAttribute("aria-valuemax", 100);
      thumb.style.left = `${at}px`;
      box.append(thumb);
      const move = (place) => {
        axis.kept[end] = end ? Math.max(place, axis.kept[0]) : Math.min(place, axis.kept[1]);
        axis.put();
        keep();
      };
      on(thumb, "pointerdown", (event) => { thumb.setPointerCapture(event.pointerId); event.preventDefault(); thumb.focus(); });
      on(thumb, "pointermove", (event) => thumb.hasPointerCapture(event.pointerId) && move(place(event)));
      on(thumb, "keydown", (event) => {
        const now = stops.findIndex((stop) => stop >= axis.kept[end] - 1e-9);
        const next = { ArrowUp: now + 1, ArrowRight: now + 1, ArrowDown: now - 1, ArrowLeft: now - 1, Home: 0, End: stops.length - 1 }[event.key];
        if (next === undefined) return;
        event.preventDefault();
        move(stops[Math.max(0, Math.min(stops.length - 1, next))]);
      });
      return thumb;
    });
    const place = (event) => Math.max(0, Math.min(1, (height - bottom - (event.clientY - box.getBoundingClientRect().top)) / (height - top - bottom)));
    axis.put = () => {
      bar.setAttribute("y", y(axis.kept[1]));
      bar.setAttribute("height", Math.max(0, y(axis.kept[0]) - y(axis.kept[1])));
      bar.style.display = axis.kept[0] > 0 || axis.kept[1] < 1 ? "" : "none";
      thumbs.forEach((thumb, end) => {
        thumb.style.top = `${y(axis.kept[end])}px`;
        thumb.setAttribute("aria-valuenow", Math.round(100 * axis.kept[end]));
        thumb.setAttribute("aria-valuetext", nearest(axis.kept[end]));
      });
    };
    axis.put();
    let from = null;
    on(drag, "pointerdown", (event) => { from = place(event); drag.setPointerCapture(event.pointerId); });
    on(drag, "pointermove", (event) => {
      if (from === null) return;
      axis.kept = [Math.min(from, place(event)), Math.max(from, place(event))];
      axis.put();
      keep();
    });
    on(drag, "pointerup", () => {
      if (from !== null && axis.kept[1] - axis.kept[0] < 0.02) axis.kept = [0, 1]; // a click keeps all
      from = null;
      axis.put();
      keep();
    });
  });
}
const rows = new Map($$("#trials table.d tbody tr").map((row) => [row.cells[0].textContent.trim(), row]));
function keep() {
  const kept = new Set(TRIALS.filter((trial) => inside(trial)).map((trial) => String(trial.n)));
  const all = AXES.every((axis) => axis.kept[0] === 0 && axis.kept[1] === 1);
  for (const part of $$("svg [data-n]")) part.classList.toggle("off", !kept.has(part.dataset.n));
  for (const [number, row] of rows) row.classList.toggle("hide", !all && !kept.has(number));
  $("#kept").textContent = all ? "" : `${kept.size} of ${TRIALS.length} trials`;
  $("#all").hidden = all;
}
for (const [number, row] of rows) {
  on(row, "pointerenter", () => lit(number));
  on(row, "pointerleave", () => lit(null));
}
on($("#all"), "click", () => {
  for (const axis of AXES) { axis.kept = [0, 1]; axis.put(); }
  keep();
  $("#parallel .thumb").focus();
});
let drawnAt = 0;
new ResizeObserver(() => {
  const width = $("#parallel").clientWidth;
  if (!width || width === drawnAt) return;
  drawnAt = width;
  drawHistory();
  drawMap();
  drawParallel();
  keep();
}).observe($("#parallel"));
