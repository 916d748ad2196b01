// A chain of logistic units with one weight: its error signals, and their bound.
(() => {
  const slope = (z) => 1 / (2 + Math.exp(z) + Math.exp(-z));

  // From the input one half: z = w h − c w / 2; the last unit hands out z.
  const signals = ({ L, w, c }) => {
    const factors = [];
    let h = 0.5;
    for (let k = 1; k < L; k += 1) {
      const z = w * h - (c * w) / 2;
      factors.push(w * slope(z));
      h = 1 / (1 + Math.exp(-z));
    }
    const found = [1];
    for (const factor of factors.reverse()) found.unshift(factor * found[0]);
    return found;
  };

  const bounds = ({ L, w }) =>
    Array.from({ length: L }, (_, k) => (w / 4) ** (L - 1 - k));

  const by_layer = (values) => values.map((value, k) => [k + 1, value]);

  live("fig-chain", {
    sliders: [
      { name: "L", label: "layers", min: 2, max: 20, step: 1, value: 10 },
      { name: "w", label: "weight", min: 0.5, max: 8, step: 0.1, value: 1 },
      { name: "c", label: "share of the bias", min: 0, max: 1, step: 0.01, value: 0 },
    ],
    x: { from: 0, to: 20, label: "layer" },
    y: { from: 1e-12, to: 1e6, label: "error signal over the last", log: true },
    lines: (v) => [
      { points: [[0, 1], [20, 1]], kind: "faint" },
      { points: by_layer(bounds(v)), kind: "ink" },
      { points: by_layer(signals(v)), kind: "accent", dots: true },
    ],
    says: (v) =>
      `Factors: ${v.L - 1}, each at most ${live.number(v.w / 4)}. At most ` +
      `${live.number(bounds(v)[0])} of the last error signal can arrive; ` +
      `${live.number(signals(v)[0])} does.`,
  });
})();
