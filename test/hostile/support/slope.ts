/** By how much `y` grows with `x`: the median of the slopes of all pairs, which one outlier does not move. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes = points
    .flatMap(([x, y], index) => points.slice(index + 1).map(([x2, y2]) => (y2 - y) / (x2 - x)))
    .sort((a, b) => a - b);
  return slopes[slopes.length >> 1] ?? NaN;
}
