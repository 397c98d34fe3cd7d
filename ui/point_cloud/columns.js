// From the bytes of core.report.figures.neuron_map to columns of numbers.

// The header, and the typed array of each column by its name.
function readPoints(bytes) {
  const { buffer } = bytes.slice(); // so that it begins at a multiple of four
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const columns = {};
  let at = 4 + size;
  for (const [name, width] of Object.entries(header.columns)) {
    columns[name] = width === 4 ? floats(buffer, at, header.n) : new Uint8Array(buffer, at, header.n);
    at += width * header.n;
  }
  return { header, columns, order: inOrder(columns.kind, header.looks.length) };
}

function floats(buffer, at, n) {
  if (new Uint8Array(Uint16Array.of(1).buffer)[0]) return new Float32Array(buffer, at, n);
  const view = new DataView(buffer, at, 4 * n); // a machine with the other order of bytes
  return Float32Array.from({ length: n }, (_, i) => view.getFloat32(4 * i, true));
}

// The points in the order in which they are drawn: those of a higher kind over those of a lower one.
function inOrder(kind, nKinds) {
  const starts = new Uint32Array(nKinds + 1);
  for (const one of kind) starts[one + 1] += 1;
  for (let i = 1; i <= nKinds; i += 1) starts[i] += starts[i - 1];
  const order = new Uint32Array(kind.length);
  for (let i = 0; i < kind.length; i += 1) order[starts[kind[i]]++] = i;
  return order;
}

// The value of an axis at each point; that of "neuron" follows from the place.
function valuesOf(name, { header, columns }) {
  return columns[name] ?? Float32Array.from({ length: header.n }, (_, i) => i % header.neurons);
}
