import { createHash } from 'node:crypto';
import path from 'node:path';
import * as z from 'zod';
import { type EngineCertificates, readCertificates } from './engineAddress.ts';

/** Where a context of the docker command says that its engine is. */
export interface DockerContext {
  readonly name: string;
  /** As in DOCKER_HOST. */
  readonly host: string;
  readonly certificates: EngineCertificates;
  /** It brings TLS material. */
  readonly isTls: boolean;
}

export interface ContextFiles {
  /** Absolute: DOCKER_CONFIG, or ~/.docker. */
  readonly folder: string;
  /** @throws where it cannot be read */
  readFile(file: string): Promise<string>;
}

const configSchema = z.object({ currentContext: z.string().optional() });

const metadataSchema = z.object({
  Endpoints: z.object({
    docker: z.object({ Host: z.string().optional(), SkipTLSVerify: z.boolean().optional() }),
  }),
});

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const readJson = async ({ readFile }: ContextFiles, file: string): Promise<unknown> =>
  readFile(file).then(parseJson, () => undefined);

/** What `docker context use` chose; undefined where that is the default, which is no context of its own. */
export const currentContextName = async (files: ContextFiles): Promise<string | undefined> => {
  const config = configSchema.safeParse(await readJson(files, path.join(files.folder, 'config.json'))).data;
  const name = config?.currentContext;
  return name === undefined || name === '' || name === 'default' ? undefined : name;
};

/** @returns undefined where there is no such context, or it names no engine */
export const readContext = async (files: ContextFiles, name: string): Promise<DockerContext | undefined> => {
  // The docker command keeps a context in folders that are called by the SHA-256 of its name.
  const id = createHash('sha256').update(name).digest('hex');
  const file = path.join(files.folder, 'contexts', 'meta', id, 'meta.json');
  const endpoint = metadataSchema.safeParse(await readJson(files, file)).data?.Endpoints.docker;
  if (endpoint?.Host === undefined || endpoint.Host === '') return undefined;
  const certificates = await readCertificates(
    path.join(files.folder, 'contexts', 'tls', id, 'docker'),
    files.readFile,
  );
  const skipsVerify = endpoint.SkipTLSVerify === true;
  return {
    name,
    host: endpoint.Host,
    certificates: { ...certificates, skipsVerify },
    isTls: skipsVerify || Object.keys(certificates).length > 0,
  };
};
