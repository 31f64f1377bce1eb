/** What a service has said, for a terminal: without what would move the cursor, colour it, or turn the text around. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD');
}
