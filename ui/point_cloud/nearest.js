// Which point is nearest to the pointer: the plot's area is divided into squares, and only those nearby are looked at.

const SQUARE = 12; // pixels, and how far a point may be

function indexOf(places, width, height) {
  const [across, down] = [Math.ceil(width / SQUARE) + 2, Math.ceil(height / SQUARE) + 2];
  const starts = new Uint32Array(across * down + 1);
  const squareAt = (x, y) => {
    const [column, row] = [Math.floor(x / SQUARE) + 1, Math.floor(y / SQUARE) + 1];
    return column < 0 || row < 0 || column >= across || row >= down ? -1 : row * across + column;
  };
  const squares = new Int32Array(places.length / 2);
  for (let i = 0; i < squares.length; i += 1) {
    const x = places[2 * i];
    squares[i] = Number.isNaN(x) ? -1 : squareAt(x, places[2 * i + 1]);
    if (squares[i] >= 0) starts[squares[i] + 1] += 1;
  }
  for (let i = 1; i < starts.length; i += 1) starts[i] += starts[i - 1];
  const members = new Uint32Array(starts.at(-1));
  const filled = starts.slice();
  for (let i = 0; i < squares.length; i += 1) if (squares[i] >= 0) members[filled[squares[i]]++] = i;
  return { places, starts, members, across, down };
}

// The point nearest to a place of the area, or -1; of two as near, that which is drawn above the other.
function nearestTo(x, y, { places, starts, members, across, down }, kind) {
  let [best, least] = [-1, SQUARE * SQUARE];
  const [column, row] = [Math.floor(x / SQUARE) + 1, Math.floor(y / SQUARE) + 1];
  for (let r = Math.max(0, row - 1); r <= Math.min(down - 1, row + 1); r += 1) {
    for (let c = Math.max(0, column - 1); c <= Math.min(across - 1, column + 1); c += 1) {
      for (let at = starts[r * across + c]; at < starts[r * across + c + 1]; at += 1) {
        const i = members[at];
        const distance = (places[2 * i] - x) ** 2 + (places[2 * i + 1] - y) ** 2;
        if (distance < least || (distance === least && best >= 0 && kind[i] >= kind[best])) [best, least] = [i, distance];
      }
    }
  }
  return best;
}
