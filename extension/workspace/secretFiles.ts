import { comparableParts } from './comparableName.ts';

/** `.env.example` and its like are made to be shown. */
const shownEnv = /^\.env(\.[a-z0-9_-]+)*\.(example|sample|template|dist|defaults?)$/;

const names: readonly RegExp[] = [
  /^\.env($|[._-])/,
  /^\.envrc$/,
  /\.env$/,
  /^id_(rsa|dsa|ecdsa|ed25519)(_sk)?$/,
  /\.(pem|key|p12|pfx|p8|ppk|jks|keystore|kdbx|asc|gpg|age)$/,
  /^\.(netrc|npmrc|pypirc|pgpass|htpasswd|git-credentials|vault-token|dockercfg|s3cfg|boto)$/,
  /^_netrc$/,
  /^credentials?(\.(json|ya?ml|toml|ini|xml|db))?$/,
  /^(client_)?secrets?(\.[a-z0-9_-]+)*\.(json|ya?ml|toml|ini|env|xml|properties)$/,
  /^\.?secrets?$/,
  /^(service[-_]?account|application_default_credentials).*\.json$/,
  /\.tfvars(\.json)?$/,
  /\.tfstate(\.backup)?$/,
  /^kubeconfig$/,
];

/** Such a folder and all it holds: moved elsewhere, its files would no longer be known by where they are. */
const folders = new Set(['.ssh', '.gnupg', '.aws', '.azure', '.gcloud', '.kube', '.password-store']);

/**
 * Whether a file probably holds passwords or keys, so that reading it asks. By its name alone.
 * @param label `/`-separated, relative to a root; compared without case
 */
export const isSecretName = (label: string): boolean => {
  const parts = comparableParts(label);
  const name = parts.at(-1) ?? '';
  if (parts.some((part) => folders.has(part))) return true;
  // The folder itself too: moved under another name, it would take the file out of sight.
  if (name === '.docker' || (parts.at(-2) === '.docker' && name === 'config.json')) return true;
  return !shownEnv.test(name) && names.some((pattern) => pattern.test(name));
};
