import { expect, test } from "vitest";
import { configMap, deployment, ingress, service } from "./objects.ts";
import type { Part } from "./suite.ts";

export const creating: Part = (withCluster) => {
  test(
    "a created object has uid, resourceVersion, generation 1 and defaults",
    withCluster(async ({ create, namespace }) => {
      const made = await create("deployments", deployment("web"));
      expect(made.kind).toBe("Deployment");
      expect(made.metadata).toMatchObject({ name: "web", namespace, generation: 1 });
      expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(made.metadata.resourceVersion).toMatch(/^\d+$/);
      expect(made.spec).toMatchObject({
        replicas: 1,
        progressDeadlineSeconds: 600,
        revisionHistoryLimit: 10,
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
        template: { spec: { restartPolicy: "Always", dnsPolicy: "ClusterFirst", schedulerName: "default-scheduler" } },
      });
      expect(made.spec.template.spec.containers[0]).toMatchObject({
        imagePullPolicy: "IfNotPresent",
        resources: {},
        terminationMessagePath: "/dev/termination-log",
      });
    }),
  );

  test(
    "creating what is there is 409 AlreadyExists with the resource in details",
    withCluster(async ({ create, call, path }) => {
      await create("deployments", deployment("web"));
      const again = await call("POST", path("deployments"), { body: deployment("web") });
      expect(again.status).toBe(409);
      expect(again.json).toEqual({
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message: 'deployments.apps "web" already exists',
        reason: "AlreadyExists",
        details: { name: "web", group: "apps", kind: "deployments" },
        code: 409,
      });
    }),
  );

  test(
    "of many creations of one name exactly one wins",
    withCluster(async ({ call, path }) => {
      const tries = Array.from({ length: 8 }, () => call("POST", path("configmaps"), { body: configMap("one") }));
      const codes = (await Promise.all(tries)).map(({ status }) => status);
      expect(codes.filter((code) => code === 201)).toHaveLength(1);
      expect(codes.filter((code) => code === 409)).toHaveLength(7);
    }),
  );
};

export const refusing: Part = (withCluster) => {
  test(
    "strict validation refuses unknown and doubled fields, wherever they stand",
    withCluster(async ({ call, path, get }) => {
      const body = JSON.stringify(deployment("web", { typo: 1 }, { conteiners: [] }))
        .replace('"typo":1', '"typo":1,"replicas":1,"replicas":2')
        .replace('"image":"nginx:1"', '"image":"nginx:1","imagee":"x"');
      const reply = await call("POST", `${path("deployments")}?fieldValidation=Strict`, { body });
      expect(reply.status).toBe(400);
      expect(reply.json.reason).toBe("BadRequest");
      for (const field of ["spec.typo", "spec.template.spec.conteiners", "spec.template.spec.containers[0].imagee"])
        expect(reply.json.message).toContain(`unknown field "${field}"`);
      expect(reply.json.message).toContain('duplicate field "spec.replicas"');
      expect((await get("deployments", "web")).status).toBe(404);
    }),
  );

  test(
    "strict validation covers Service and Ingress too",
    withCluster(async ({ call, path }) => {
      const svc = await call("POST", `${path("services")}?fieldValidation=Strict`, {
        body: service("web", { ports: [{ port: 80, tragetPort: 8080 }] }),
      });
      expect(svc.status).toBe(400);
      expect(svc.json.message).toContain('unknown field "spec.ports[0].tragetPort"');
      const ing = await call("POST", `${path("ingresses")}?fieldValidation=Strict`, {
        body: ingress("web", { ingresClassName: "x" }),
      });
      expect(ing.status).toBe(400);
      expect(ing.json.message).toContain('unknown field "spec.ingresClassName"');
    }),
  );

  test(
    "without strict validation an unknown field is dropped with a warning",
    withCluster(async ({ call, path }) => {
      const reply = await call("POST", path("deployments"), { body: deployment("web", { typo: 1 }) });
      expect(reply.status).toBe(201);
      expect(String(reply.headers["warning"])).toContain('unknown field \\"spec.typo\\"');
      expect(reply.json.spec).not.toHaveProperty("typo");
    }),
  );

  test(
    "a wrong JSON type is 400, a wrong value 422 with one cause for each field",
    withCluster(async ({ call, path }) => {
      const typed = await call("POST", path("deployments"), { body: deployment("web", { replicas: "a" }) });
      expect(typed.status).toBe(400);
      expect(typed.json.message).toContain("spec.replicas of type int32");
      const valued = await call("POST", path("deployments"), {
        body: { ...deployment("web", { replicas: -1 }, { containers: [{ name: "A" }] }), metadata: { name: "Web_1" } },
      });
      expect(valued.status).toBe(422);
      expect(valued.json.reason).toBe("Invalid");
      expect(valued.json.details).toMatchObject({ name: "Web_1", group: "apps", kind: "Deployment" });
      const fields = valued.json.details.causes.map((cause: { field: string }) => cause.field);
      expect(fields).toEqual([
        "metadata.name",
        "spec.replicas",
        "spec.template.spec.containers[0].name",
        "spec.template.spec.containers[0].image",
      ]);
    }),
  );

  test(
    "a selector that does not match the template is 422",
    withCluster(async ({ call, path }) => {
      const reply = await call("POST", path("deployments"), {
        body: deployment("web", { selector: { matchLabels: { app: "other" } } }),
      });
      expect(reply.status).toBe(422);
      expect(reply.json.details.causes).toEqual([
        {
          reason: "FieldValueInvalid",
          message: 'Invalid value: {"app":"web"}: `selector` does not match template `labels`',
          field: "spec.template.metadata.labels",
        },
      ]);
    }),
  );

  test(
    "a Service name is a DNS-1035 label, and ports are required",
    withCluster(async ({ call, path }) => {
      const reply = await call("POST", path("services"), { body: service("1web", { ports: [] }) });
      expect(reply.status).toBe(422);
      expect(reply.json.message).toContain(
        'Service "1web" is invalid: [metadata.name: Invalid value: "1web": a DNS-1035',
      );
      expect(reply.json.message).toContain("spec.ports: Required value");
    }),
  );

  test(
    "an Ingress needs rules, and paths need a type",
    withCluster(async ({ call, path }) => {
      const empty = await call("POST", path("ingresses"), { body: { metadata: { name: "web" }, spec: {} } });
      expect(empty.status).toBe(422);
      expect(empty.json.message).toContain("either `defaultBackend` or `rules` must be specified");
      const backend = { service: { name: "web", port: { number: 80 } } };
      const untyped = await call("POST", path("ingresses"), {
        body: ingress("web", { rules: [{ http: { paths: [{ path: "/", backend }] } }] }),
      });
      expect(untyped.status).toBe(422);
      expect(untyped.json.message).toContain("spec.rules[0].http.paths[0].pathType: Required value");
    }),
  );
};

export const naming: Part = (withCluster) => {
  test(
    "generateName makes a name, and no name at all is 422",
    withCluster(async ({ create, call, path }) => {
      const made = await create("configmaps", { metadata: { generateName: "gen-" } });
      expect(made.metadata.name).toMatch(/^gen-[a-z0-9]{5}$/);
      const nameless = await call("POST", path("configmaps"), { body: { metadata: {} } });
      expect(nameless.status).toBe(422);
      expect(nameless.json.message).toBe(
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
      );
    }),
  );

  test(
    "a dry run answers 201 with defaults and a uid, and stores nothing",
    withCluster(async ({ call, path, get }) => {
      const reply = await call("POST", `${path("deployments")}?dryRun=All`, { body: deployment("web") });
      expect(reply.status).toBe(201);
      expect(reply.json.spec.replicas).toBe(1);
      expect(reply.json.metadata.uid).toBeTruthy();
      expect(reply.json.metadata).not.toHaveProperty("resourceVersion");
      expect((await get("deployments", "web")).status).toBe(404);
      const wrong = await call("POST", `${path("configmaps")}?dryRun=Some`, { body: configMap("a") });
      expect(wrong.status).toBe(422);
    }),
  );

  test(
    "a body for another namespace or that is no JSON is 400",
    withCluster(async ({ call, path }) => {
      const other = await call("POST", path("configmaps"), { body: configMap("a", {}, { namespace: "other" }) });
      expect(other.status).toBe(400);
      expect(other.json.message).toBe(
        "the namespace of the provided object does not match the namespace sent on the request",
      );
      const broken = await call("POST", path("configmaps"), { body: '{"a"' });
      expect(broken.status).toBe(400);
      expect(broken.json.message).toContain("couldn't get version/kind; json parse error");
    }),
  );

  test(
    "a Service gets a cluster IP of its own",
    withCluster(async ({ create }) => {
      const one = await create("services", service("one"));
      const two = await create("services", service("two"));
      expect(one.spec.clusterIP).toMatch(/^10\.\d+\.\d+\.\d+$/);
      expect(one.spec.clusterIPs).toEqual([one.spec.clusterIP]);
      expect(two.spec.clusterIP).not.toBe(one.spec.clusterIP);
      expect(one.spec.ports[0]).toEqual({ port: 80, protocol: "TCP", targetPort: 80 });
      expect(one.metadata).not.toHaveProperty("generation");
    }),
  );
};
