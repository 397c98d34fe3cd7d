// From the bytes of a neuron's values to steps of a palette and to readable numbers, as core.report does it in Python.

const N_STEPS = 201;
const NO_COLOUR = -1;

// Little-endian float32, in base64.
function decoded(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

function stepOf(value, { low, high, centre }) {
  if (!Number.isFinite(value)) return NO_COLOUR;
  let share = value > high ? 1 : centre === null ? 0 : 0.5;
  // Halved first: the width of a scale over the whole range of float64 would overflow.
  if (high > low) share = (value / 2 - low / 2) / (high / 2 - low / 2);
  return roundedToEven(Math.min(Math.max(share, 0), 1) * (N_STEPS - 1));
}

function roundedToEven(number) {
  const below = Math.floor(number);
  if (number - below !== 0.5) return Math.round(number);
  return below % 2 === 0 ? below : below + 1;
}

// Whether a step is so near the faint end (of a diverging scale: its centre) that the reader wants no colour there.
function isFaint(step, scale, threshold) {
  const share = step / (N_STEPS - 1);
  return (scale.centre === null ? share : Math.abs(2 * share - 1)) < threshold;
}

// Three significant digits and a minus sign, such as −0.0421: what core.report.readable.readable_number writes.
function readableNumber(value) {
  if (Number.isNaN(value)) return "not a number";
  const sign = value < 0 ? "−" : "";
  if (!Number.isFinite(value)) return `${sign}∞`;
  if (value === 0) return "0";
  const [mantissa, power] = threeDigits(Math.abs(value)).split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 6) return `${sign}${mantissa}e${String(exponent).replace("-", "−")}`;
  const digits = mantissa.replace(".", "");
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  if (exponent < 2) return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
  return `${sign}${Number(digits + "0".repeat(exponent - 2)).toLocaleString("en")}`;
}

// toExponential rounds a number midway between two away from zero, but Python to the even one.
function threeDigits(value) {
  const rounded = value.toExponential(2);
  const exact = value.toExponential(60);
  const midway = /^5(0*)e/.test(exact.slice(4));
  return midway && "13579".includes(rounded[3]) ? `${exact.slice(0, 4)}${exact.slice(exact.indexOf("e"))}` : rounded;
}
