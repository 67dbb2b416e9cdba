// the charts: accuracy over training, and accuracy against cost
const KIND = { helps: "helps", hurts: "hurts", none: "no effect", open: "inconclusive", quiet: "no verdict", plain: "", ink: "interaction", base: "baseline", pending: "pending" };
const hidden = new Set();
const view = { by: $("#by button")?.value ?? "step", seeds: false, cost: $("#against button")?.value };
const HEADS = { step: (v) => `Step ${whole(v)}`, epoch: (v) => `Epoch ${v.toFixed(1)}`, seconds: (v) => `${clock(v)} of training` };
const NAMES = { step: "step", epoch: "epoch", seconds: "training time, median over seeds" };

let stop = null;
function drawOver() {
  const box = $("#over");
  if (!box) return;
  const all = DATA.arms.filter((arm) => arm.curve.mean && arm.curve.mean.length && arm.curve[view.by]);
  const seen = all.filter((arm) => !hidden.has(arm.id)), width = box.clientWidth, small = width < 420;
  const longest = Math.max(...all.map((arm) => arm.name.length));
  const each = all.length > 14 ? 16 : 24, right = small ? 132 : Math.min(width * 0.45, 92 + 7.6 * longest);
  const left = 40, top = 24, bottom = 44, height = Math.max(small ? 320 : 376, each * all.length + top + bottom);
  const values = seen.flatMap((arm) => [...arm.curve.mean, ...(view.seeds ? (arm.curve.seeds ?? []).flat() : []), ...(view.train ? arm.curve.train ?? [] : [])]).filter((v) => v !== null);
  const last = Math.max(...all.flatMap((arm) => arm.curve[view.by])), [low, high] = range(values.length ? values : [0, 1]);
  box.replaceChildren();
  const [svg, y] = frame(box, [width, height], [left, right, top, bottom], [low, high], DATA.measured + " over training", DATA.measured);
  const x = (value) => left + (value / last) * (width - left - right);
  const write = view.by === "seconds" ? clock : whole;
  for (const value of ticks(0, last, small ? 3 : 5)) draw("text", { x: x(value), y: height - bottom + 20, "text-anchor": "middle" }, svg, write(value));
  draw("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, svg, NAMES[view.by]);
  const path = (arm, of) => "M" + of.map((value, i) => value === null ? null : `${x(arm.curve[view.by][i]).toFixed(1)} ${y(value).toFixed(1)}`).filter(Boolean).join("L");
  const hair = draw("line", { class: "hair", y1: top, y2: height - bottom }, svg);
  const ends = spread(all.map((arm) => y(arm.curve.mean.at(-1))), each, top + 4, height - bottom - 12);
  const gap = small ? 14 : 28;
  for (const arm of [...all].sort((a, b) => (a.kind === "base") - (b.kind === "base"))) {
    if (hidden.has(arm.id)) continue;
    const group = draw("g", { class: `arm ${arm.kind}`, "data-a": arm.id }, svg), curve = arm.curve;
    const end = x(curve[view.by].at(-1)) + 7, at = y(curve.mean.at(-1));
    draw("path", { class: "lead-l", d: `M${end} ${at}H${Math.max(end, width - right + 6)}L${width - right + gap} ${ends[all.indexOf(arm)]}` }, group);
    if (curve.low && curve.mean.length > 1) draw("path", { class: "bandf", d: `${path(arm, curve.high)}L${curve.low.map((v, i) => `${x(curve[view.by][i]).toFixed(1)} ${y(v).toFixed(1)}`).reverse().join("L")}Z` }, group);
    if (view.seeds) for (const seed of curve.seeds ?? []) draw("path", { class: "ln e", d: path(arm, seed) }, group);
    if (view.train && curve.train) draw("path", { class: "ln t", d: path(arm, curve.train) }, group);
    draw("path", { class: `ln${arm.kind === "base" ? " b" : ""}`, d: path(arm, curve.mean) }, group);
    if (curve.mean.length <= 24) curve.mean.forEach((value, i) => draw("circle", { class: "pt", r: 3.5, cx: x(curve[view.by][i]), cy: y(value) }, group));
  }
  all.forEach((arm, i) => {
    const label = html("button", `lab ${arm.kind}`);
    label.type = "button";
    label.dataset.a = arm.id;
    label.setAttribute("aria-pressed", !hidden.has(arm.id));
    label.append(html("span", "nn", arm.name));
    if (!small) label.append(html("span", "y", arm.curve.mean.at(-1).toFixed(1)));
    label.title = arm.name;
    label.style.cssText = `left:${width - right + gap + 6}px;top:${ends[i] - each / 2}px;height:${each}px;line-height:${each}px;max-width:${right - gap - 6}px`;
    on(label, "click", () => {
      if (!hidden.delete(arm.id)) hidden.add(arm.id);
      drawOver();
      $(`#over .lab[data-a="${arm.id}"]`).focus();
    });
    on(label, "pointerenter", () => hot(arm.id));
    on(label, "pointerleave", () => hot(""));
    on(label, "focus", () => label.matches(":focus-visible") && hot(arm.id));
    on(label, "blur", () => hot(""));
    box.append(label);
  });
  // The crosshair is a slider: arrow keys go from evaluation to evaluation.
  const near = last * 0.012;
  const stops = [...new Set(seen.flatMap((arm) => arm.curve[view.by]))].sort((a, b) => a - b).filter((v, i, k) => !i || v - k[i - 1] > near);
  if (!stops.length) return;
  const cross = html("div", "cross");
  cross.tabIndex = 0;
  cross.setAttribute("role", "slider");
  cross.setAttribute("aria-label", `Crosshair over ${NAMES[view.by]}`);
  cross.setAttribute("aria-valuemin", 0);
  cross.setAttribute("aria-valuemax", stops.length - 1);
  cross.style.cssText = `left:${left}px;top:${top}px;width:${width - left - right + 6}px;height:${height - top - bottom}px`;
  const set = (place, show) => {
    stop = Math.max(0, Math.min(stops.length - 1, place));
    const at = stops[stop], rows = [];
    for (const arm of seen) {
      const i = arm.curve[view.by].findIndex((value) => Math.abs(value - at) <= near);
      if (i >= 0) rows.push([arm, arm.curve.mean[i], arm.curve.low?.[i], arm.curve.high?.[i]]);
    }
    rows.sort((a, b) => b[1] - a[1]);
    const head = HEADS[view.by](at);
    cross.setAttribute("aria-valuenow", stop);
    cross.setAttribute("aria-valuetext", `${head}: ${rows.map(([arm, value]) => `${arm.name} ${shown(value)}`).join(", ")}`);
    if (!show) return;
    hair.setAttribute("x1", x(at));
    hair.setAttribute("x2", x(at));
    hair.classList.add("on");
    const place_ = box.getBoundingClientRect();
    const cells = rows.map(([arm, value, least, most]) => [arm.kind, arm.name, shown(value), least == null || least === most ? "" : `${least.toFixed(1)}–${most.toFixed(1)}`]);
    showTip(tipTable(head, cells), place_.left + x(at), place_.top + height / 2, x(at) > left + 120 ? -1 : 1);
  };
  const away = () => { hair.classList.remove("on"); hideTip(); };
  on(cross, "pointermove", (event) => {
    const value = (event.offsetX / (width - left - right)) * last;
    set(stops.reduce((best, each_, i) => (Math.abs(each_ - value) < Math.abs(stops[best] - value) ? i : best), 0), true);
  });
  on(cross, "pointerleave", away);
  on(cross, "blur", away);
  on(cross, "focus", () => cross.matches(":focus-visible") && set(stops.length - 1, true));
  on(cross, "keydown", (event) => {
    const next = { ArrowLeft: stop - 1, ArrowDown: stop - 1, ArrowRight: stop + 1, ArrowUp: stop + 1, Home: 0, End: stops.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    set(next, true);
  });
  set(stops.length - 1, false);
  box.append(cross);
}

function drawCost() {
  const box = $("#cost");
  if (!box) return;
  const [name, unit] = DATA.costs[view.cost], all = DATA.arms.filter((arm) => arm.mean !== null && view.cost in arm.cost);
  const cost = (arm) => arm.cost[view.cost], write = unit === "s" ? clock : short;
  const width = box.clientWidth, small = width < 480, left = 40, right = 16, top = 24, bottom = 44;
  const each = all.length > 14 ? 16 : 20, height = Math.max(small ? 320 : 376, each * all.length * 0.6 + top + bottom);
  const costs = all.map(cost), least = Math.min(...costs), most = Math.max(...costs), room = (most - least || most || 1) * (small ? 0.14 : 0.1);
  const first = Math.max(0, least - room), last = most + room;
  const [low, high] = range(all.flatMap((arm) => [arm.mean, ...(arm.ci ?? [])].filter(Number.isFinite)));
  box.replaceChildren();
  const [svg, y] = frame(box, [width, height], [left, right, top, bottom], [low, high], `${DATA.axis} against ${name}`);
  const x = (value) => left + ((value - first) / (last - first)) * (width - left - right);
  const marks = ticks(first, last, small ? 3 : 4);
  for (const value of marks) draw("text", { x: x(value), y: height - bottom + 20, "text-anchor": "middle" }, svg, write(value, marks[1] - marks[0]));
  draw("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, svg, name);
  const front = all.filter((arm) => arm.front.includes(view.cost)).sort((a, b) => cost(a) - cost(b));
  if (front.length) {
    let line = `M${x(cost(front[0]))} ${y(front[0].mean)}`;
    front.forEach((arm, i) => (line += `V${y(arm.mean)}H${i < front.length - 1 ? x(cost(front[i + 1])) : width - right}`));
    draw("path", { class: "front", d: line }, svg);
  }
  // Labels move, points do not: right of the point where there is room, else left.
  const ys = all.map((arm) => y(arm.mean)), ly = [], reach = (arm) => 40 + 7 * Math.min(arm.name.length, 24);
  const toRight = all.map((arm) => width - right - x(cost(arm)) > reach(arm) || width - right - x(cost(arm)) > x(cost(arm)) - left);
  for (const side of [true, false]) {
    const own = all.map((_, i) => i).filter((i) => toRight[i] === side);
    const places = spread(own.map((i) => ys[i] - (front.includes(all[i]) ? 12 : 0)), each, top + 8, height - bottom - 8);
    own.forEach((i, j) => (ly[i] = places[j]));
  }
  const lx = all.map((arm, i) => {
    const close = all.filter((other, j) => toRight[j] === toRight[i] && Math.abs(ly[j] - ly[i]) < 90 && Math.abs(x(cost(other)) - x(cost(arm))) < 90);
    const places = close.map((other) => x(cost(other)));
    return toRight[i] ? Math.max(...places) + 20 : Math.min(...places) - 20;
  });
  all.forEach((arm, i) => {
    const at = x(cost(arm)), way = toRight[i] ? 1 : -1, said = `${arm.name}: ${shown(arm.mean)}, ${write(cost(arm))}${unit === "s" ? "" : ` ${unit}`}${KIND[arm.kind] ? `, ${KIND[arm.kind]}` : ""}`;
    const group = draw("g", { class: `arm ${arm.kind}`, "data-a": arm.id, tabindex: 0, role: "img", "aria-label": said }, svg);
    if (arm.ci) draw("line", { class: "wk", x1: at, x2: at, y1: y(Math.min(high, arm.ci[1])), y2: y(Math.max(low, arm.ci[0])) }, group);
    draw("use", { href: `#g-${shape(arm.kind)}` }, draw("svg", { class: "gl", x: at, y: ys[i] }, group));
    const named = all.length <= 12 || arm.kind === "base" || front.includes(arm);
    if (named && (Math.abs(ly[i] - ys[i]) > 3 || Math.abs(lx[i] - at) > 24)) draw("path", { class: "lead-l", d: `M${at + 7 * way} ${ys[i]}L${lx[i] - 4 * way} ${ly[i]}` }, group);
    const label = named && draw("text", { class: "tl", x: lx[i], y: ly[i] + 4, "text-anchor": way > 0 ? "start" : "end" }, group, `${arm.name.length > 24 ? `${arm.name.slice(0, 23)}…` : arm.name} `);
    if (named) draw("tspan", {}, label, arm.mean.toFixed(1));
    draw("rect", { x: at - 14, y: ys[i] - 14, width: 28, height: 28, fill: "transparent" }, group);
    const tell = () => {
      hot(arm.id);
      const place = box.getBoundingClientRect();
      const rows = [["", DATA.axis.split(" ")[0], shown(arm.mean)], ["", name, write(cost(arm))]];
      if (arm.ci) rows.splice(1, 0, ["", "95% CI", `${shown(arm.ci[0])} to ${shown(arm.ci[1])}`]);
      showTip(tipTable(arm.name, rows), place.left + at, place.top + ys[i] - 12);
    };
    const away = () => { hot(""); hideTip(); };
    on(group, "pointerenter", tell);
    on(group, "focus", tell);
    on(group, "pointerleave", away);
    on(group, "blur", away);
  });
}
if (DATA) {
  choice("#by", (by) => { view.by = by; drawOver(); });
  choice("#against", (cost) => { view.cost = cost; drawCost(); });
  for (const [id, what] of [["#each-seed", "seeds"], ["#train", "train"]]) on($(id), "click", (event) => {
    view[what] = !view[what];
    event.currentTarget.setAttribute("aria-pressed", view[what]);
    drawOver();
  });
  let drawn = 0;
  const plot = $("#over") ?? $("#cost");
  if (plot) new ResizeObserver(() => {
    if (!plot.clientWidth || plot.clientWidth === drawn) return;
    drawn = plot.clientWidth;
    drawOver();
    drawCost();
  }).observe(plot);
}
