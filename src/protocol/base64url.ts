/** Bytes as text that URLs, cookies and storages take: base64url, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (letter) => URL_LETTERS[letter] ?? '');
}

const URL_LETTERS: Readonly<Record<string, string>> = { '+': '-', '/': '_' };

/** The bytes of such a text; undefined of any other, also of one that says the same otherwise. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  // Nor with a lone letter at its end, which is no whole byte.
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const letters = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  return toBase64Url(bytes) === text ? bytes : undefined;
}
