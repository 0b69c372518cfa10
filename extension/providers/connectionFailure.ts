/** What fetch and the SDKs throw when a connection fails or a stream breaks, and how to tell it from a bug of our own. */

/** Of the system, of undici (`UND_ERR_`, `HPE_`, `Z_` for its unpacking), of TLS, and of an address nobody can call. */
const networkCode =
  /^(?:E(?:CONN|NOTFOUND|AI_|TIMEDOUT|PIPE|HOST|NET|PROTO|ADDR)|UND_ERR_|HPE_|Z_|ERR_SSL_|ERR_TLS_|ERR_HTTP2_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_INVALID_URL$|ERR_STREAM_PREMATURE_CLOSE$)/;

/** Of those: there was no connection over which a request could have gone. */
const unreachedCode =
  /^(?:E(?:CONNREFUSED|NOTFOUND|AI_|HOST|NET|ADDR|PROTO)|UND_ERR_CONNECT_TIMEOUT$|ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_INVALID_URL$)/;

/** Without a code: fetch's own words (`net::` is Electron's fetch), and the SDKs' for a body that is missing or cut. */
const networkWords =
  /^(?:fetch failed$|terminated$|network error|failed to fetch|net::ERR_|response body is empty|incomplete json segment|exception parsing stream chunk|attempted to iterate over a response with no body)/i;

/** An error and its causes, the outermost first. */
const chainOf = (error: unknown): Error[] => {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < 5; each = each.cause) chain.push(each);
  return chain;
};

const codeOf = (error: Error): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** `ECONNREFUSED`, `ENOTFOUND`, `UND_ERR_SOCKET`: the innermost code says most. */
export const networkCodeOf = (error: unknown): string | undefined =>
  chainOf(error)
    .map(codeOf)
    .findLast((code) => code !== undefined);

/** Nobody can have seen the request. */
export const isUnreached = (code: string | undefined): boolean =>
  code !== undefined && unreachedCode.test(code);

/** APIConnectionError of openai and @anthropic-ai/sdk, by its shape: class names do not survive the bundle. */
const isSdkConnectionError = (error: Error): boolean =>
  'headers' in error && error.headers === undefined && 'status' in error && error.status === undefined;

/** Only for errors that bring neither a status nor a body. */
export const isConnectionFailure = (error: unknown): boolean =>
  chainOf(error).some(
    (each) =>
      // Of a JSON text that broke off; nothing else of ours parses JSON without a catch.
      each instanceof SyntaxError ||
      isSdkConnectionError(each) ||
      networkCode.test(codeOf(each) ?? '') ||
      networkWords.test(each.message),
  );
