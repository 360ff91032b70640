import process from "node:process";

/** The cluster that the end-to-end tests run against, as docs/e2e.md describes its variables. */
export interface Environment {
  readonly kubeconfig: string;
  /** `http://address[:port]`: where an ingress controller serves the class `nginx`. */
  readonly ingressAddress: string;
  readonly s3: {
    readonly endpoint: string;
    /** The same server as pods reach it. */
    readonly endpointOfPods: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly region: string;
  };
  /** The data folder of tools/realcluster; undefined on any other cluster, whose node is not the tests' to break. */
  readonly realcluster: string | undefined;
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is missing: see docs/e2e.md`);
  return value;
}

/** Reads the variables. @throws Error naming the one that is missing */
export function readEnvironment(): Environment {
  const endpoint = required("S3_ENDPOINT");
  return {
    kubeconfig: required("KUBECONFIG"),
    ingressAddress: required("INGRESS_ADDRESS"),
    s3: {
      endpoint,
      endpointOfPods: process.env.S3_ENDPOINT_OF_PODS ?? endpoint,
      accessKeyId: required("S3_ACCESS_KEY_ID"),
      secretAccessKey: required("S3_SECRET_ACCESS_KEY"),
      region: process.env.S3_REGION ?? "us-east-1",
    },
    realcluster: process.env.REALCLUSTER_DATA,
  };
}
