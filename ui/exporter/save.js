// From a drawing to a file of the browser's.

const SCALE = 3; // pixels of a PNG for each of the page's

function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may ask where to put it
}

function svgBlob(svg) {
  return new Blob([svg], { type: "image/svg+xml" });
}

async function pngOfSvg({ svg, width, height }) {
  const address = URL.createObjectURL(svgBlob(svg));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = canvasOf(width, height);
    canvas.getContext("2d").drawImage(image, 0, 0, width, height);
    return await pngOf(canvas);
  } finally {
    URL.revokeObjectURL(address);
  }
}

// A canvas on which lengths are those of the page.
function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * SCALE);
  canvas.height = Math.round(height * SCALE);
  const context = canvas.getContext("2d");
  context.textRendering = "geometricPrecision"; // letters enlarged, not spaced as for a small size
  context.scale(SCALE, SCALE);
  return canvas;
}

function pngOf(canvas) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large for this browser."))), "image/png");
  });
}

// What the theme of the page is now.
function lookOfPage() {
  const app = document.querySelector("[data-testid='stApp']") ?? document.body;
  const { backgroundColor, color } = getComputedStyle(app);
  return { ground: backgroundColor, ink: color };
}
