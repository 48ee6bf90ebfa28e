/** Text of a README in `directory` with absolute links; throws where one leads to nothing. */
export function withAbsoluteLinks(text: string, directory: string, homepage: string): string;
