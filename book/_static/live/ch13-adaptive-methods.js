// Adam without its corrections: its steps over those of Adam, when the
// gradient stays the same.
live("fig-uncorrected", {
  sliders: [
    { name: "beta1", label: "β₁", min: 0, max: 0.99, step: 0.01, value: 0.9 },
    { name: "beta2", label: "β₂", min: 0.9, max: 0.9999, step: 0.0001,
      value: 0.999 },
  ],
  x: { from: 1, to: 3e4, label: "step", log: true },
  y: { from: 0.01, to: 100, label: "without over with", log: true },
  ratio: ({ beta1, beta2 }, t) => (1 - beta1 ** t) / Math.sqrt(1 - beta2 ** t),
  lines(v) {
    const times = Array.from({ length: 201 }, (_, k) => Math.round(10 ** (k / 40)));
    const steps = [...new Set(times)];
    return [
      { points: [[1, 1], [1e5, 1]], kind: "faint" },
      { points: steps.map((t) => [t, this.ratio(v, t)]), kind: "accent" },
    ];
  },
  // The step that is wrong by the largest factor, and the end of the error.
  says(v) {
    let [worst, off, last] = [1, 0, 0];
    for (let t = 1; t <= 1e5; t += 1) {
      const ratio = this.ratio(v, t), wrong = Math.abs(Math.log(ratio));
      if (wrong > off) [worst, off] = [t, wrong];
      if (Math.abs(ratio - 1) >= 0.01) last = t;
    }
    const most = this.ratio(v, worst).toFixed(2);
    return `Step ${worst} is the worst, at ${most} times its length; ` +
      `from step ${last + 1} on the error stays below one per cent.`;
  },
});
