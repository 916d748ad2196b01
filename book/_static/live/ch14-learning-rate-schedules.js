// Two schedules on a parabola of curvature one: what is left of the distance,
// and the sum of the rates.
(() => {
  const STEPS = 1e5;
  const SHOWN = [
    ...new Set(Array.from({ length: 201 }, (_, k) => Math.round(10 ** (k / 40)))),
  ];

  // Every step multiplies the distance by one minus its rate.
  const walk = (rate) => {
    const points = [];
    let sum = 0, distance = 1, shown = 0;
    for (let t = 0; t < STEPS; t += 1) {
      const eta = rate(t);
      sum += eta;
      distance *= 1 - eta;
      if (t + 1 === SHOWN[shown]) {
        points.push([t + 1, distance]);
        shown += 1;
      }
    }
    return { points, sum, distance };
  };

  const geometric = ({ eta, gamma }) => {
    let rate = eta / gamma;
    return walk(() => (rate *= gamma));
  };
  const power = ({ eta, p }) => walk((t) => eta / (1 + t) ** p);

  const left = (distance) =>
    distance < 1e-9 ? "less than a billionth" : live.number(distance);

  live("fig-budget", {
    sliders: [
      { name: "eta", label: "first rate", min: 0.01, max: 0.5, step: 0.01, value: 0.1 },
      { name: "gamma", label: "factor γ", min: 0.5, max: 0.999, step: 0.001, value: 0.9 },
      { name: "p", label: "power p", min: 0, max: 2, step: 0.05, value: 1 },
    ],
    x: { from: 1, to: STEPS, label: "steps", log: true },
    y: { from: 0, to: 1.2, label: "distance" },
    lines(v) {
      const [falling, other] = [geometric(v).points, power(v).points];
      // The name stands over the falling curve, as high as it was before.
      const [, height] = other.findLast(([t]) => t <= 30);
      return [
        { points: [[1, 1], [STEPS, 1]], kind: "faint" },
        { points: other, kind: "ink" },
        { points: [[1000, height]], kind: "ink", label: "over a power" },
        { points: falling, kind: "accent", label: "geometric" },
      ];
    },
    says(v) {
      const [falling, other] = [geometric(v), power(v)];
      const budget = live.number(v.eta / (1 - v.gamma));
      const end =
        v.p > 1
          ? "in all of time they too have a finite sum"
          : "in all of time they have no finite sum";
      return (
        `Geometric rates can add up to ${budget} in all of time; ` +
        `they leave ${left(falling.distance)}. The others add up to ` +
        `${live.number(other.sum)} in ${live.number(STEPS)} steps ` +
        `and leave ${left(other.distance)}; ${end}.`
      );
    },
  });
})();
