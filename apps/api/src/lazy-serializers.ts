import { type SerializerFactory, SerializerSelector } from "@fastify/fast-json-stringify-compiler";

type Serialize = ReturnType<ReturnType<SerializerFactory>>;

/**
 * Fastify's own serializers, each compiled when it is first needed. A fifth of the time until the process listens went
 * into those of answers that come seldom or never, above all every problem of every route, which is sent as bytes.
 */
export const lazySerializers: SerializerFactory = (externalSchemas, options) => {
  const compile = SerializerSelector()(externalSchemas, options);
  return (definition) => {
    let serialize: Serialize | undefined;
    return (answer) => {
      serialize ??= compile(definition);
      return serialize(answer);
    };
  };
};
