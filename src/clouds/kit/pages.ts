/** All pages of a list, with an end even where the server never comes to one. */

export interface PageLimits {
  /** More pages than this are an error. */
  maxPages: number;
  /** The error for a list that has no end. */
  endless: (why: string) => Error;
}

/**
 * Pages until one comes without a token. An empty page with a token is not the end. Throws `endless` when a token comes back a second
 * time (at any distance: some servers go round in circles) or after `maxPages` pages; the pages before were handed out.
 */
export async function* allPages<Page>(
  page: (token: string | null) => Promise<Page>,
  tokenOf: (page: Page) => string | null,
  limits: PageLimits,
): AsyncGenerator<Page, void, void> {
  const seen = new Set<string>();
  for (let token: string | null = null, count = 1; ; count++) {
    const one: Page = await page(token);
    yield one;
    token = tokenOf(one);
    if (token === null) return;
    if (seen.has(token)) throw limits.endless("the page token repeats");
    if (count >= limits.maxPages) throw limits.endless(`more than ${limits.maxPages} pages`);
    seen.add(token);
  }
}
