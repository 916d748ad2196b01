// Early stopping on the ten scripted losses of the page.
(() => {
  const COURSE = [8, 5, 6, 4, 5, 5, 3, 4, 4, 4];

  // Stops after `patience` failures in a row to be below the best by `margin`.
  const machine = ({ patience, margin }) => {
    let best = Infinity, back = 0, failures = 0;
    for (let k = 0; k < COURSE.length; k += 1) {
      failures += 1;
      if (COURSE[k] < best - margin)
        [best, back, failures] = [COURSE[k], k + 1, 0];
      if (failures >= patience) return { end: k + 1, back, stopped: true };
    }
    return { end: COURSE.length, back, stopped: false };
  };

  const points = COURSE.map((loss, k) => [k + 1, loss]);

  live("fig-patience", {
    sliders: [
      { name: "patience", min: 1, max: 6, step: 1, value: 3 },
      { name: "margin", min: 0, max: 4, step: 0.5, value: 0 },
    ],
    x: { from: 0, to: 11, label: "epoch" },
    y: { from: 0, to: 9, label: "validation loss" },
    lines(v) {
      const { end, back } = machine(v);
      return [
        { points, kind: "faint", dots: true },
        { points: points.slice(0, end), kind: "ink", dots: true },
        { points: [[back, 0], points[back - 1]], kind: "accent", dots: true },
      ];
    },
    says(v) {
      const { end, back, stopped } = machine(v);
      const how = stopped
        ? `The run stops after epoch ${end}`
        : "The run goes through";
      return (
        `${how}, and the weights of epoch ${back} come back, ` +
        `with a loss of ${COURSE[back - 1]}.`
      );
    },
  });
})();
