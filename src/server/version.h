/* version: ours, and the Redis whose protocol and commands we speak. */
#ifndef SERVER_VERSION_H
#define SERVER_VERSION_H

#define HEARTH_VERSION "0.1.0"
#define REDIS_VERSION "7.2.4"

#endif
