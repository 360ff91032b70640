import { expect, test } from "vitest";
import { readOptions } from "./start-options.ts";

test("the simulator and a Redis of its own, unless told otherwise", () => {
  expect(readOptions([], {})).toEqual({ port: 3002, kubeconfig: undefined, redisUrl: undefined });
  // A kubeconfig in the environment must not make it touch that cluster.
  expect(readOptions([], { KUBECONFIG: "/k", REDIS_URL: "" })).toMatchObject({
    kubeconfig: undefined,
    redisUrl: undefined,
  });
  expect(readOptions([], { REDIS_URL: "redis://r" })).toMatchObject({ redisUrl: "redis://r" });
});

test("--kube takes the kubeconfig that kubectl takes", () => {
  expect(readOptions(["--kube"], { HOME: "/home/me" })).toMatchObject({ kubeconfig: "/home/me/.kube/config" });
  expect(readOptions(["--kube"], { HOME: "/home/me", KUBECONFIG: "/k" })).toMatchObject({ kubeconfig: "/k" });
});

test("the port is the option's, else the environment's", () => {
  expect(readOptions(["--port", "0"], { PORT: "4000" })).toMatchObject({ port: 0 });
  expect(readOptions(["--port=5000"], {})).toMatchObject({ port: 5000 });
  expect(readOptions([], { PORT: "4000" })).toMatchObject({ port: 4000 });
});

test.each([
  [["--port", "abc"], {}, /^--port: .* got "abc"$/],
  [["--port", "-1"], {}, /--port/],
  [["--port", "65534"], {}, /^--port: /],
  [["--port"], {}, /--port/],
  [[], { PORT: "1e3" }, /^PORT: .* got "1e3"$/],
  [["--nonsense"], {}, /--nonsense/],
  [["nonsense"], {}, /nonsense/],
])("%j with %j is refused by name", (args, env, message) => {
  expect(() => readOptions(args, env)).toThrow(message);
});

test("--help", () => {
  expect(readOptions(["--help"], {})).toBe("help");
});
