// Paths through residual blocks, and how much gradient they bring; descent on
// a cliff, plain and clipped.
(() => {
  // Shares of the paths through k of L branches, each path weighted by c^(2 k).
  const shares = (L, c) => {
    const weights = [1];
    for (let k = 1; k <= L; k += 1)
      weights.push((weights[k - 1] * c * c * (L - k + 1)) / k);
    const whole = weights.reduce((a, b) => a + b);
    return weights.map((weight, k) => [k, weight / whole]);
  };

  const middle = (points) => points.reduce((sum, [k, share]) => sum + k * share, 0);

  // A place above the greatest share, far enough from the side for a name.
  const top = (points, lift = 0) => {
    const [k, share] = points.reduce((a, b) => (b[1] > a[1] ? b : a));
    return [Math.max(k, 6.5), Math.min(share + lift, 0.92)];
  };

  live("fig-paths", {
    sliders: [
      { name: "L", label: "blocks", min: 1, max: 24, step: 1, value: 12 },
      { name: "c", label: "size of a branch", min: 0, max: 2, step: 0.05, value: 0.3 },
    ],
    x: { from: 0, to: 24, label: "branches on the path" },
    y: { from: 0, to: 1, label: "share" },
    lines({ L, c }) {
      const [paths, gradient] = [shares(L, 1), shares(L, c)];
      return [
        { points: paths, kind: "ink", dots: true },
        { points: gradient, kind: "accent", dots: true },
        { points: [top(paths)], kind: "ink", label: "of the paths" },
        // Where the two would meet, the gradient's name stands higher.
        { points: [top(gradient, 0.06)], kind: "accent", label: "of the gradient" },
      ];
    },
    says: ({ L, c }) =>
      `A path has ${live.number(L / 2)} branches on average, the gradient ` +
      `comes by ${live.number(middle(shares(L, c)))}. Its mean squared length ` +
      `is ${live.number((1 + c * c) ** L)} of that above the blocks; without ` +
      `the shortcuts it would be ${live.number(c ** (2 * L))}.`,
  });

  const STEPS = 200, NEAR = 0.01;
  const slope = (w) => 20 * w ** 19 * (w ** 20 - 1);

  // Distances from the minimum after each step, and the last place.
  const walk = ({ start, eta }, bound) => {
    const points = [];
    let w = start;
    for (let k = 0; k <= STEPS && Number.isFinite(w); k += 1) {
      points.push([k, Math.abs(w - 1)]);
      w -= eta * Math.max(-bound, Math.min(bound, slope(w)));
    }
    return points;
  };

  live("fig-cliff", {
    sliders: [
      { name: "bound", label: "threshold", min: 1, max: 400, step: 1, value: 4 },
      { name: "eta", label: "rate", min: 0.0005, max: 0.006, step: 0.0005, value: 0.0025 },
      { name: "start", label: "start", min: 0.5, max: 1.7, step: 0.01, value: 1.5 },
    ],
    x: { from: 0, to: STEPS, label: "step" },
    y: { from: 1e-10, to: 1e10, label: "distance to the minimum", log: true },
    lines: (v) => [
      { points: [[0, NEAR], [STEPS, NEAR]], kind: "faint" },
      { points: walk(v, Infinity), kind: "ink", dots: true },
      { points: walk(v, v.bound), kind: "accent", dots: true },
    ],
    says(v) {
      const clipped = walk(v, v.bound), plain = walk(v, Infinity);
      const last = clipped.at(-1)[1];
      const found = clipped.find(
        ([k, distance]) => clipped.slice(k).every(([, later]) => later <= NEAR)
      );
      const arrives =
        last <= NEAR
          ? `is within a hundredth for good after ${found[0]} steps`
          : `is ${live.number(last)} away after ${STEPS} steps`;
      const leaves =
        plain.length <= STEPS
          ? `leaves all numbers after ${plain.length} steps`
          : `is ${live.number(plain.at(-1)[1])} away after ${STEPS} steps`;
      return (
        `A clipped step is at most ${live.number(v.eta * v.bound)} long; ` +
        `clipped descent ${arrives}. Plain descent ${leaves}.`
      );
    },
  });
})();
