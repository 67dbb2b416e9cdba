// what charts are drawn with; DATA is what the page draws
const DATA = $("#data") ? JSON.parse($("#data").content.textContent) : null;
const whole = (value) => Math.round(value).toLocaleString("en-US");
const short = (value, step = value / 100) => {
  const [size, prefix] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([size]) => value >= size) ?? [1, ""];
  return +(value / size).toPrecision(Math.max(3, Math.ceil(Math.log10(value / step || 1)) + 1)) + prefix;
};
const clock = (value) => (value < 120 ? `${whole(value)} s` : value < 7200 ? `${+(value / 60).toFixed(1)} min` : `${+(value / 3600).toFixed(1)} h`);
const shown = (value) => (DATA.unit ? value.toFixed(1) + DATA.unit : +value.toPrecision(3) + "");

function draw(tag, attributes, into, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  into.append(element);
  return element;
}
function html(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}
function ticks(low, high, count) {
  const rough = (high - low) / count, size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((each) => each * size >= rough * 0.999) * size, found = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-6; value += step) found.push(+value.toPrecision(12));
  return found;
}
// An axis that holds all values with round ends, never beyond what can be.
function range(values) {
  const [least, most] = DATA.bounds, low = Math.min(...values), high = Math.max(...values);
  const at = ticks(low, high > low ? high : low + 1, 4), step = at.length > 1 ? at[1] - at[0] : 1;
  return [Math.max(Math.floor(low / step) * step, least ?? -Infinity), Math.min(Math.ceil(high / step) * step, most ?? Infinity)];
}
// Labels as high as `height`, pushed apart as little as needed between two bounds.
function spread(places, height, low, high) {
  const order = places.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  for (let round = 0; round < 60; round++) {
    for (let i = 1; i < order.length; i++) {
      const lack = height - (order[i].y - order[i - 1].y);
      if (lack > 0) { order[i - 1].y -= lack / 2; order[i].y += lack / 2; }
    }
    if (order.length) { order[0].y = Math.max(order[0].y, low); order.at(-1).y = Math.min(order.at(-1).y, high); }
  }
  for (let i = 1; i < order.length; i++) order[i].y = Math.max(order[i].y, order[i - 1].y + height * 0.96);
  const found = [];
  for (const { y, i } of order) found[i] = y;
  return found;
}
const shape = (kind) => (["ink", "plain"].includes(kind) ? "base" : kind);
function glyph(kind) {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("class", `i ${kind}`);
  icon.setAttribute("viewBox", "-7 -7 14 14");
  draw("use", { href: `#g-${shape(kind)}` }, icon);
  return icon;
}
function tipTable(head, rows) {
  const table = html("table");
  for (const [kind, ...cells] of rows) {
    const line = table.insertRow();
    cells.forEach((text, place) => {
      const cell = line.insertCell();
      if (!place && kind) cell.append(glyph(kind));
      cell.append(text);
    });
  }
  return [html("strong", "", head), table];
}
function frame(box, [width, height], [left, right, top, bottom], [low, high], name, axis = DATA.axis) {
  const svg = draw("svg", { width, height, role: "group", "aria-label": name }, box);
  const y = (value) => top + ((high - value) / (high - low || 1)) * (height - top - bottom);
  const at = ticks(low, high, 5);
  for (const value of at) {
    draw("line", { class: "gridl", x1: left, x2: width - right, y1: y(value), y2: y(value) }, svg);
    draw("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, svg, value + (value === at.at(-1) ? DATA.unit : ""));
  }
  draw("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }, svg);
  draw("text", { x: 0, y: 10 }, svg, axis);
  return [svg, y];
}
