// The caption of a saved picture: its title, and paragraphs in lines that fit its width.

const FONT = '"Source Sans", "Source Sans 3", sans-serif';
const PADDING = 16;
const TITLE = { size: 15, weight: 600, height: 20 };
const TEXT = { size: 12, weight: 400, height: 16 };

// The lines of a caption, each with its style and the place of its letters' base, and its height.
function layoutCaption(title, paragraphs, width) {
  const lines = [];
  let y = 8;
  for (const [text, style] of [[title, TITLE], ...paragraphs.map((each) => [each, TEXT])]) {
    for (const line of inLines(text, style, width - 2 * PADDING)) {
      y += style.height;
      lines.push({ text: line, style, y });
    }
    y += 3;
  }
  return { lines, height: y + PADDING };
}

function inLines(text, { size, weight }, width) {
  const context = document.createElement("canvas").getContext("2d");
  context.font = `${weight} ${size}px ${FONT}`;
  const lines = [""];
  for (const word of text.split(" ").flatMap((each) => fitting(context, each, width))) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (lines.at(-1) && context.measureText(longer).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

// A word that is wider than a line, such as a long name, in pieces.
function fitting(context, word, width) {
  if (context.measureText(word).width <= width) return [word];
  const pieces = [""];
  for (const character of word) {
    if (context.measureText(pieces.at(-1) + character).width > width) pieces.push("");
    pieces[pieces.length - 1] += character;
  }
  return pieces;
}
