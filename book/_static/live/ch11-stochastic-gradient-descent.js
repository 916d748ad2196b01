// Descent on a parabola, from three: the step and the limit of its rate.
(() => {
  const START = 3;
  const STEPS = 10;

  // θ = θ − η a θ, where a is the curvature.
  const walk = ({ eta, a }) => {
    const places = [START];
    for (let t = 0; t < STEPS; t += 1)
      places.push(places[t] - eta * a * places[t]);
    return places;
  };

  const loss = ({ a }, place) => [place, (a * place * place) / 2];

  const fate = (factor) => {
    const size = Math.abs(factor);
    if (size < 1e-9) return "arrives at once";
    if (Math.abs(size - 1) < 1e-9) return "never comes nearer";
    if (size > 1) return "is thrown farther out";
    return factor > 0 ? "comes nearer on its side" : "crosses and comes nearer";
  };

  live("fig-rates", {
    sliders: [
      { name: "eta", label: "rate η", min: 0.01, max: 1, step: 0.01, value: 0.3 },
      { name: "a", label: "curvature a", min: 0.5, max: 8, step: 0.1, value: 4 },
    ],
    x: { from: -6, to: 6, label: "parameter" },
    y: { from: 0, to: 60, label: "loss" },
    lines: (v) => [
      {
        points: Array.from({ length: 121 }, (_, k) => loss(v, k / 10 - 6)),
        kind: "ink",
      },
      { points: walk(v).map((x) => loss(v, x)), kind: "accent", dots: true },
    ],
    says(v) {
      const factor = 1 - v.eta * v.a;
      const left = Math.abs(walk(v).at(-1));
      return (
        `Two over the curvature is ${live.number(2 / v.a)}. Each step ` +
        `multiplies by ${live.number(factor)}: the parameter ${fate(factor)}. ` +
        `After ${STEPS} steps its distance is ${live.number(left)}.`
      );
    },
  });
})();
