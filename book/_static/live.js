// Figures that answer: sliders under a drawing, and curves recomputed from the
// printed formula. A page's own figures stand in live/PAGE.js; each hangs
// below the still figure whose id it names, which stays when scripts are off.
//
//   live("fig-name", {
//     sliders: [{ name, label, min, max, step, value, names: [...] }, ...],
//     x: { from, to, label, log }, y: { from, to, label, log },
//     lines: (v) => [{ points: [[x, y], ...], kind: "ink" | "accent" | "faint",
//                      dots: true, label: "..." }, ...],
//     says: (v) => "the result in words",
//   });
//
// A slider without a label shows its name, one with `names` the name of its
// value in place of the number.
const live = (() => {
  const WIDTH = 640, HEIGHT = 300;
  const LEFT = 72, RIGHT = 14, TOP = 12, BOTTOM = 42;
  const figures = {};

  // A number with three significant digits, as people write it.
  const number = (x) => {
    if (!Number.isFinite(x)) return Number.isNaN(x) ? "no number" : "∞";
    if (x === 0) return "0";
    const power = Math.floor(Math.log10(Math.abs(x)));
    if (power > -4 && power < 6)
      return String(Number(x.toPrecision(3))).replace("-", "−");
    const [digits, exponent] = x.toExponential(2).split("e");
    return `${digits} × 10^${Number(exponent)}`.replaceAll("-", "−");
  };

  // A value beside its tick: a great or a small power of ten by its exponent.
  const tick = (value) => {
    const power = Math.round(Math.log10(value));
    const far = value > 0 && (power > 4 || power < -3);
    const short = far && value === 10 ** power;
    return short ? `10^${power}`.replace("-", "−") : number(value);
  };

  // Words in pieces, the exponent of a power of ten raised by `up`.
  const raised = (words, up) =>
    words.split(/\^(−?\d+)/).map((piece, k) => (k % 2 ? up(piece) : piece));

  // Where a value stands between two ends: 0 at the first, 1 at the second.
  const part = ({ from, to, log }, value) =>
    log
      ? Math.log(value / from) / Math.log(to / from)
      : (value - from) / (to - from);

  // Round values between the ends of an axis, for its ticks.
  const ticks = ({ from, to, log }) => {
    const found = [];
    if (log) {
      const [low, high] = [from, to].map((end) => Math.round(Math.log10(end)));
      const step = Math.max(1, Math.ceil((high - low) / 6));
      for (let k = low; k <= high; k += step) found.push(10 ** k);
      return found;
    }
    const rough = (to - from) / 6;
    const unit = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * unit).find((s) => s >= rough);
    for (let k = Math.ceil(from / step); k * step <= to + step / 1e6; k += 1)
      found.push(Number((k * step).toPrecision(12)));
    return found;
  };

  const across = (figure, value) =>
    LEFT + part(figure.x, value) * (WIDTH - LEFT - RIGHT);
  const down = (figure, value) =>
    HEIGHT - BOTTOM - part(figure.y, value) * (HEIGHT - TOP - BOTTOM);

  // The part of a curve that lies within reach of the drawing.
  const path = (figure, points) =>
    points
      .map(([x, y]) => [across(figure, x), down(figure, y)])
      .filter((at) => at.every(Number.isFinite))
      .map(([x, y]) => [x, Math.min(Math.max(y, -HEIGHT), 2 * HEIGHT)])
      .map((at) => at.map((c) => c.toFixed(1)).join(" "))
      .join(" L ");

  const element = (name, attributes, ...inside) => {
    const space = "http://www.w3.org/2000/svg";
    const html = ["div", "p", "label", "input", "output", "span", "sup"];
    const made = html.includes(name)
      ? document.createElement(name)
      : document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes))
      made.setAttribute(key, value);
    made.append(...inside);
    return made;
  };

  const sup = (piece) => element("sup", {}, piece);
  const label = (value) =>
    raised(tick(value), (piece) =>
      element("tspan", { dy: -5, class: "up" }, piece)
    );

  const axes = (figure) => {
    const bottom = HEIGHT - BOTTOM;
    const parts = [];
    for (const value of ticks(figure.x)) {
      const x = across(figure, value);
      parts.push(
        element("line", { x1: x, x2: x, y1: bottom, y2: bottom + 4 }),
        element("text", { x, y: bottom + 18, class: "middle" }, ...label(value))
      );
    }
    for (const value of ticks(figure.y)) {
      const y = down(figure, value);
      parts.push(
        element("line", { x1: LEFT - 4, x2: LEFT, y1: y, y2: y }),
        element("text", { x: LEFT - 8, y: y + 4, class: "end" }, ...label(value))
      );
    }
    const frame = { x1: LEFT, x2: WIDTH - RIGHT, y1: bottom, y2: bottom };
    const side = { x1: LEFT, x2: LEFT, y1: TOP, y2: bottom };
    const middle = (LEFT + WIDTH - RIGHT) / 2;
    const name = { x: middle, y: HEIGHT - 6, class: "middle" };
    parts.push(
      element("line", frame),
      element("line", side),
      element("text", name, figure.x.label),
      element("text", { x: LEFT + 6, y: TOP + 8 }, figure.y.label)
    );
    return element("g", { class: "axes" }, ...parts);
  };

  const curves = (figure, values) =>
    figure.lines(values).flatMap(({ points, kind, dots, label }) => {
      const made = [];
      const shape = path(figure, points);
      if (shape) made.push(element("path", { d: `M ${shape}`, class: kind }));
      const seen = points.filter(([x, y]) => {
        const [p, q] = [part(figure.x, x), part(figure.y, y)];
        return p >= 0 && p <= 1 && q >= 0 && q <= 1;
      });
      for (const [x, y] of dots ? seen : []) {
        const at = { cx: across(figure, x), cy: down(figure, y), r: 2.5 };
        made.push(element("circle", { ...at, class: kind }));
      }
      const last = seen.at(-1);
      if (label && last) {
        const [x, y] = [across(figure, last[0]), down(figure, last[1])];
        const at = { x: Math.min(x, WIDTH - RIGHT), y: Math.max(y - 7, 22) };
        made.push(element("text", { ...at, class: `end ${kind}` }, label));
      }
      return made;
    });

  const mount = (id, figure) => {
    const still = document.getElementById(id);
    if (!still) return;
    const clip = `${id}-inside`;
    const inside = element("rect", {
      x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT,
      height: HEIGHT - TOP - BOTTOM,
    });
    const drawn = element("g", { "clip-path": `url(#${clip})` });
    const sheet = element(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" },
      element("clipPath", { id: clip }, inside),
      axes(figure),
      drawn
    );
    const words = element("output", { "aria-live": "polite" });
    const inputs = figure.sliders.map((slider) => {
      const { name, label = name, names, ...range } = slider;
      const shown = element("span", { class: "value" });
      const input = element("input", { type: "range", name, ...range });
      const show = (value) => {
        const words = names ? names[value - range.min] : number(value);
        shown.replaceChildren(...raised(words, sup));
        if (names) input.setAttribute("aria-valuetext", words);
      };
      return [name, input, show, element("label", {}, label, input, shown)];
    });
    const redraw = () => {
      const values = {};
      for (const [name, input, show] of inputs) {
        values[name] = Number(input.value);
        show(values[name]);
      }
      drawn.replaceChildren(...curves(figure, values));
      const said = figure.says(values);
      words.replaceChildren(...raised(said, sup));
      sheet.setAttribute("aria-label", said);
    };
    for (const [, input] of inputs) input.addEventListener("input", redraw);
    const rows = inputs.map(([, , , label]) => label);
    const panel = { class: "live", role: "group", "aria-label": "Try it" };
    still.after(element("div", panel, ...rows, sheet, words));
    redraw();
  };

  const add = (id, figure) => {
    figures[id] = figure;
    if (typeof document !== "undefined") mount(id, figure);
  };
  return Object.assign(add, { figures, number, raised, tick, ticks });
})();
