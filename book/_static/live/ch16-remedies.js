// Sizes in random layers. Wide ones: how large activations and error signals
// are, layer by layer. ReLU layers of any width: what the mean hides.
(() => {
  const logistic = (z) => 1 / (1 + Math.exp(-z));
  const DEPTH = 1.6732632423543772, SCALE = 1.0507009873554805;
  const ACTIVATIONS = [
    ["identity", (z) => z, () => 1],
    ["ReLU", (z) => Math.max(z, 0), (z) => Number(z > 0)],
    ["tanh", Math.tanh, (z) => 1 - Math.tanh(z) ** 2],
    ["sigmoid", logistic, (z) => logistic(z) * logistic(-z)],
    [
      "SELU",
      (z) => SCALE * (z > 0 ? z : DEPTH * Math.expm1(z)),
      (z) => SCALE * (z > 0 ? 1 : DEPTH * Math.exp(z)),
    ],
    [
      "SiLU",
      (z) => z * logistic(z),
      (z) => logistic(z) * (1 + z * logistic(-z)),
    ],
  ];

  // Places and weights of a mean over normal numbers: two in each of 400 cells,
  // as Gauss chose them. Zero, where slopes may jump, is between two cells.
  const PLACES = Array.from({ length: 800 }, (_, i) => {
    const side = i % 2 ? 1 : -1;
    return (Math.floor(i / 2) + 0.5) / 25 - 8 + side / (50 * Math.sqrt(3));
  });
  const BELL = PLACES.map((z) => Math.exp((-z * z) / 2));
  const total = BELL.reduce((a, b) => a + b);
  const mean = (f) => PLACES.reduce((sum, z, i) => sum + BELL[i] * f(z), 0) / total;

  // Mean squares of the activations, and of the error signals over the last.
  const wide = ({ act, s, L }) => {
    const [, phi, slope] = ACTIVATIONS[act];
    const out = [], factors = [];
    let q = s;
    for (let k = 0; k < L; k += 1) {
      const root = Math.sqrt(q);
      out.push(mean((z) => phi(root * z) ** 2));
      factors.push(s * mean((z) => slope(root * z) ** 2));
      q = s * out[k];
    }
    const back = [1];
    for (const factor of factors.slice(0, -1).reverse())
      back.unshift(factor * back[0]);
    return { out, back };
  };

  const by_layer = (values) => values.map((value, k) => [k + 1, value]);

  // A height for a name, within the drawing.
  const inside = (value) => Math.min(Math.max(value, 1e-8), 1e8);

  live("fig-depth", {
    sliders: [
      { name: "act", label: "activation", min: 0, max: 5, step: 1, value: 2,
        names: ACTIVATIONS.map(([name]) => name) },
      { name: "s", label: "scaled variance", min: 0.1, max: 4, step: 0.05, value: 2 },
      { name: "L", label: "layers", min: 2, max: 60, step: 1, value: 30 },
    ],
    x: { from: 0, to: 60, label: "layer" },
    y: { from: 1e-9, to: 1e9, label: "mean square", log: true },
    lines(v) {
      const { out, back } = wide(v);
      return [
        { points: [[0, 1], [60, 1]], kind: "faint" },
        { points: by_layer(out), kind: "ink" },
        { points: by_layer(back), kind: "accent", dots: true },
        { points: [[Math.min(v.L + 15, 59), inside(out[v.L - 1] / 30)]], kind: "ink",
          label: "activations, out" },
        { points: [[20, inside(back[0] * 30)]], kind: "accent",
          label: "error signals, back" },
      ];
    },
    says(v) {
      const { out, back } = wide(v);
      return (
        `${ACTIVATIONS[v.act][0]}: after ${v.L} layers the activations have ` +
        `the mean square ${live.number(out[v.L - 1])}; the first error ` +
        `signal's is ${live.number(back[0])} times the last one's.`
      );
    },
  });

  // Uniform numbers between zero and one, the same for the same seed.
  const uniform = (seed) => {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
  };

  // What a random ReLU layer makes of a squared length of one: coins keep
  // half of n squared normal numbers of variance s / n.
  const factor = (draw, n, s) => {
    let sum = 0;
    for (let i = 0; i < n; i += 1) {
      const kept = draw() < 0.5;
      const radius = -2 * Math.log(1 - draw());
      const square = radius * Math.cos(2 * Math.PI * draw()) ** 2;
      if (kept) sum += square;
    }
    return (s / n) * sum;
  };

  const NETWORKS = 8;
  const network = ({ n, s, L, seed }, which) => {
    const draw = uniform(seed * NETWORKS + which);
    const points = [[0, 1]];
    for (let k = 1; k < L; k += 1)
      points.push([k, points[k - 1][1] * factor(draw, n, s)]);
    return points;
  };

  // The mean of the logarithm of a factor that is not zero: with j of n gates
  // open, digamma(j / 2) + log(2 s / n).
  const mean_log = ({ n, s }) => {
    const digamma = [NaN, -0.5772156649015329 - 2 * Math.LN2, -0.5772156649015329];
    let chance = 2 ** -n, sum = 0, open = 0;
    for (let j = 1; j <= n; j += 1) {
      if (j > 2) digamma.push(digamma[j - 2] + 2 / (j - 2));
      chance *= (n - j + 1) / j;
      sum += chance * (digamma[j] + Math.log((2 * s) / n));
      open += chance;
    }
    return sum / open;
  };

  live("fig-typical", {
    sliders: [
      { name: "n", label: "width", min: 8, max: 256, step: 8, value: 32 },
      { name: "L", label: "layers", min: 2, max: 100, step: 1, value: 100 },
      { name: "s", label: "scaled variance", min: 1, max: 3, step: 0.01, value: 2 },
      { name: "seed", label: "draw", min: 1, max: 20, step: 1, value: 1 },
    ],
    x: { from: 0, to: 100, label: "layers above this one" },
    y: { from: 1e-12, to: 1e6, label: "squared length over the last", log: true },
    lines(v) {
      const depths = Array.from({ length: v.L }, (_, k) => k);
      const typical = mean_log(v);
      return [
        ...Array.from({ length: NETWORKS }, (_, which) => ({
          points: network(v, which), kind: "faint",
        })),
        { points: depths.map((k) => [k, (v.s / 2) ** k]), kind: "ink", label: "mean" },
        { points: depths.map((k) => [k, Math.exp(k * typical)]), kind: "accent",
          label: "typical" },
      ];
    },
    says(v) {
      const ends = Array.from({ length: NETWORKS }, (_, which) =>
        network(v, which).at(-1)[1]
      );
      const [least, most] = [Math.min(...ends), Math.max(...ends)];
      const typical = Math.exp((v.L - 1) * mean_log(v));
      return (
        `First squared length over last: ` +
        `${live.number((v.s / 2) ** (v.L - 1))} in the mean, ` +
        `${live.number(typical)} in a typical network, from ` +
        `${live.number(least)} to ${live.number(most)} in these eight.`
      );
    },
  });
})();
