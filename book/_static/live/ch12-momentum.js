// The heavy ball in a bowl of curvatures 1 and 25.
(() => {
  const CURVATURES = [1, 25];
  const START = [9, 1.5];
  const STEPS = 30;

  // m = β m + g, θ = θ − η m, in each direction by itself.
  const path = ({ eta, beta }) => {
    const points = [START];
    const memory = [0, 0];
    let place = START;
    for (let t = 0; t < STEPS; t += 1) {
      place = place.map((x, i) => {
        memory[i] = beta * memory[i] + CURVATURES[i] * x;
        return x - eta * memory[i];
      });
      points.push(place);
    }
    return points;
  };

  // Where the loss is as high as a level: an ellipse.
  const contour = (level) =>
    Array.from({ length: 73 }, (_, k) => {
      const [along, across] = CURVATURES.map((c) => Math.sqrt(level / c));
      const angle = (Math.PI * k) / 36;
      return [along * Math.cos(angle), across * Math.sin(angle)];
    });

  // The greatest size of a root of z² − (1 + β − η λ) z + β.
  const radius = ({ eta, beta }) =>
    Math.max(
      ...CURVATURES.map((curvature) => {
        const half = (1 + beta - eta * curvature) / 2;
        const inside = half * half - beta;
        if (inside <= 0) return Math.sqrt(beta);
        return Math.abs(half) + Math.sqrt(inside);
      })
    );

  live("fig-ravine", {
    sliders: [
      { name: "eta", label: "rate η", min: 0.005, max: 0.16, step: 0.001, value: 0.077 },
      { name: "beta", label: "share β", min: 0, max: 0.98, step: 0.01, value: 0 },
    ],
    x: { from: -6, to: 10, label: "along the ravine" },
    y: { from: -2.6, to: 2.6, label: "across" },
    lines: (v) => [
      ...[2, 10, 30, 70, 130].map((level) => (
        { points: contour(level), kind: "faint" }
      )),
      { points: [[-0.3, 0], [0.3, 0]], kind: "ink" },
      { points: [[0, -0.2], [0, 0.2]], kind: "ink" },
      { points: path(v), kind: "accent", dots: true },
    ],
    says(v) {
      const [x, y] = path(v).at(-1);
      const rho = radius(v);
      const fate = rho < 1 ? "shrinks" : "grows";
      return (
        `After ${STEPS} steps the distance is ${live.number(Math.hypot(x, y))}; ` +
        `in the long run it ${fate} by the factor ${live.number(rho)} a step.`
      );
    },
  });
})();
