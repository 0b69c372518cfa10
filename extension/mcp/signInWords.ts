/** Whatever fails in a sign-in, in our own words: what servers write about it is never shown. */
import {
  AuthorizationServerMismatchError,
  InsecureTokenEndpointError,
  IssuerMismatchError,
  OAuthError,
  RegistrationRejectedError,
} from '@modelcontextprotocol/client';
import * as z from 'zod';
import { McpError, McpSignInError } from '../core/mcp.ts';
import { SignInRequestError } from './signInAddress.ts';

/** Codes of the specifications. Another one would be a server's own words. */
const codeWords: Readonly<Record<string, string>> = {
  access_denied: 'the sign-in was declined',
  consent_required: 'the sign-in was not consented to',
  interaction_required: 'the sign-in page needs a person',
  invalid_client: 'it does not know AnyCowork any more',
  invalid_client_metadata: 'it does not accept how AnyCowork describes itself',
  invalid_grant: 'it does not accept its own answer any more',
  invalid_redirect_uri: 'it does not accept the address that AnyCowork waits at',
  invalid_request: 'it says that the request is wrong',
  invalid_scope: 'it does not know the rights that were asked for',
  invalid_target: 'it does not know the MCP server',
  login_required: 'nobody is signed in there',
  server_error: 'it has failed',
  temporarily_unavailable: 'it is not available just now',
  unauthorized_client: 'it does not allow AnyCowork to sign in this way',
  unsupported_grant_type: 'it does not know this way to sign in',
  unsupported_response_type: 'it does not know this way to sign in',
};

/** ` (access_denied)`; empty for codes that are none. */
const shownCode = (code: string): string => (Object.hasOwn(codeWords, code) ? ` (${code})` : '');

const wordsOfCode = (code: string): string =>
  Object.hasOwn(codeWords, code)
    ? `${codeWords[code]}${shownCode(code)}`
    : 'it refused without a reason that is known here';

const unreadable = 'it describes its sign-in in a way that cannot be read';

const errorIn = z.object({ error: z.string() });
const rejectedCode = (body: string): string => {
  try {
    return errorIn.parse(JSON.parse(body)).error;
  } catch {
    return '';
  }
};

/** The end of a sentence. */
const reasonIn = (error: unknown): string => {
  if (error instanceof SignInRequestError) return error.message;
  if (error instanceof Error && error.name === 'TimeoutError') return 'it took too long';
  if (error instanceof IssuerMismatchError) {
    return error.kind === 'metadata'
      ? 'the description of its authorization server names another one'
      : 'the answer in the browser came from another authorization server than the one that was asked';
  }
  if (error instanceof AuthorizationServerMismatchError) return 'its authorization server changed meanwhile';
  if (error instanceof InsecureTokenEndpointError) return 'it names an address that is not https';
  if (error instanceof RegistrationRejectedError) {
    return `its authorization server did not register AnyCowork: ${wordsOfCode(rejectedCode(error.body))}. A client id from there, as oauth.clientId in the configuration of the server, does without`;
  }
  if (error instanceof OAuthError) {
    return error.code === 'access_denied'
      ? 'the sign-in was declined in the browser (access_denied)'
      : `its authorization server refused: ${wordsOfCode(error.code)}`;
  }
  if (error instanceof z.ZodError || error instanceof SyntaxError) return unreadable;
  // The SDK's zod need not be this one.
  if (error instanceof Error && error.name === 'ZodError') return unreadable;
  if (error instanceof Error && error.message.startsWith('Protected resource ')) {
    return 'it describes the sign-in of another MCP server';
  }
  if (error instanceof Error && error.message.startsWith('Incompatible auth server')) {
    return 'its authorization server does not know the way to sign in that is asked for';
  }
  return 'the answers of its authorization server are none that are known here';
};

export const signInFailed = (server: string, error: unknown): McpError =>
  error instanceof McpError
    ? error
    : new McpError(
        `Signing in to the MCP server ${server} did not work: ${reasonIn(error)}. Nothing was changed. Try again, or ask who runs the server.`,
      );

/** Tokens are still there; it may work later. */
export const renewalFailed = (server: string, error: unknown): McpError =>
  error instanceof McpError
    ? error
    : new McpError(
        `The sign-in to the MCP server ${server} could not be renewed: ${reasonIn(error)}. It was kept. Try again later, or sign in again.`,
      );

/** @param why a sentence that names the server */
export const signInNeeded = (why: string): McpSignInError =>
  new McpSignInError(`${why} Sign in to it in the view MCP Servers.`);
