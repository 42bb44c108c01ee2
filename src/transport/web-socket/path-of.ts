/** As a client asks for it: from the root, and escaped. */
export function pathOf(text: string): string {
  const path = text.startsWith('/') ? text : `/${text}`;
  const url = `ws://host${path}`;
  if (!URL.canParse(url)) return path;
  const { pathname, search } = new URL(url);
  return pathname + search;
}
