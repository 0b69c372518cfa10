import type { Agent } from 'node:http';
import https from 'node:https';
import path from 'node:path';
import type { DockerOptions } from 'dockerode';

/** PEM texts by which an engine and its user know each other. */
export interface EngineCertificates {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The context says that the engine's certificate is not to be checked. */
  readonly skipsVerify?: boolean;
}

/** An address, understood. */
export type EngineTarget =
  | { readonly kind: 'socket'; readonly address: string; readonly path: string }
  | {
      readonly kind: 'tcp';
      readonly address: string;
      readonly host: string;
      readonly port: number;
      readonly isTls: boolean;
    }
  /** Why it cannot be used, as the end of a sentence. */
  | { readonly kind: 'refused'; readonly address: string; readonly reason: string };

const tlsPort = 2376;
const plainPort = 2375;

const ofPath = (scheme: 'unix' | 'npipe', file: string): EngineTarget => ({
  kind: 'socket',
  address: `${scheme}://${file}`,
  path: file,
});

const ofUrl = (text: string, address: string, wantsTls: boolean): EngineTarget => {
  // `tcp://:2375` is this computer. `tcp:` is no scheme that URL splits, and http would lose its port 80.
  const rest = text.replace(/^[a-z]+:\/\//i, '').replace(/^(?=:|$)/, '127.0.0.1');
  const scheme = /^([a-z]+):\/\//i.exec(text)?.[1]?.toLowerCase() ?? 'tcp';
  const url = URL.parse(`tcp://${rest}`);
  if (url === null || url.hostname === '')
    return { kind: 'refused', address, reason: 'is no address of an engine' };
  const port = url.port === '' ? undefined : Number(url.port);
  const isTls = wantsTls || scheme === 'https' || port === tlsPort;
  return { kind: 'tcp', address, host: url.hostname, port: port ?? (isTls ? tlsPort : plainPort), isTls };
};

/**
 * Understands what stands in DOCKER_HOST, in a context or in the setting; a bare path is a socket, a bare `host:port` is
 * TCP.
 * @param wantsTls of TCP, whatever its port
 */
export const parseAddress = (text: string, wantsTls = false): EngineTarget => {
  const address = text.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase();
  const rest = scheme === undefined ? address : address.slice(scheme.length + '://'.length);
  if (scheme === 'unix') {
    return rest.startsWith('/')
      ? ofPath('unix', rest)
      : {
          kind: 'refused',
          address,
          reason: 'is no address of an engine: after unix:// goes an absolute path',
        };
  }
  if (scheme === 'npipe') return ofPath('npipe', rest.replaceAll('\\', '/'));
  if (scheme === 'ssh')
    return {
      kind: 'refused',
      address,
      reason:
        'is reached over SSH, which AnyCowork does not use: an engine on another computer cannot see your folders',
    };
  if (scheme === undefined && address.startsWith('/')) return ofPath('unix', address);
  if (scheme === undefined && /^[\\/]{2}[.?][\\/]pipe[\\/]/.test(address))
    return ofPath('npipe', address.replaceAll('\\', '/'));
  if (scheme !== undefined && !['tcp', 'http', 'https'].includes(scheme))
    return { kind: 'refused', address, reason: `begins with ${scheme}://, which AnyCowork does not know` };
  return ofUrl(address, address, wantsTls);
};

/** With what docker-modem takes and its types do not tell. */
export type EngineOptions = DockerOptions & { readonly agent?: Agent | undefined };

/**
 * What dockerode takes. Every field that docker-modem would else fill in from DOCKER_HOST, DOCKER_CERT_PATH and
 * DOCKER_CLIENT_TIMEOUT of this process is set, if only to undefined: they may speak of another engine, and a `host`
 * from there beats a socket that is given here.
 */
export const dockerOptionsOf = (
  target: Exclude<EngineTarget, { kind: 'refused' }>,
  certificates: EngineCertificates = {},
): EngineOptions => {
  const none = { host: undefined, port: undefined, socketPath: undefined, timeout: undefined };
  const isTls = target.kind === 'tcp' && target.isTls;
  return {
    ...none,
    ca: isTls ? certificates.ca : undefined,
    cert: isTls ? certificates.cert : undefined,
    key: isTls ? certificates.key : undefined,
    protocol: isTls ? 'https' : 'http',
    agent:
      isTls && certificates.skipsVerify === true ? new https.Agent({ rejectUnauthorized: false }) : undefined,
    ...(target.kind === 'socket' ? { socketPath: target.path } : { host: target.host, port: target.port }),
  };
};

/** @param folder with ca.pem, cert.pem and key.pem, as far as they are there */
export const readCertificates = async (
  folder: string,
  read: (file: string) => Promise<string>,
): Promise<EngineCertificates> => {
  const readOne = (name: string) => read(path.join(folder, name)).catch(() => undefined);
  const [ca, cert, key] = await Promise.all([readOne('ca.pem'), readOne('cert.pem'), readOne('key.pem')]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
};
