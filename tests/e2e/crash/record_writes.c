// Records what a program does to the files of one folder, so that crash_consistency_test.py can make the disk of every
// moment: what was written, and what of it was sure to be there (fsync). Loaded with LD_PRELOAD; told by the environment:
// RECORD_FOLDER (an absolute path) and RECORD_TO (a file that is appended to).
//
// One line an operation: its name, the file's path in the folder, and numbers or bytes in hexadecimal.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int record = -1;
static const char* folder;

__attribute__((constructor)) static void begin(void) {
  folder = getenv("RECORD_FOLDER");
  const char* to = getenv("RECORD_TO");
  if (folder && to) record = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

// The path below the folder; null: elsewhere.
static const char* below(const char* path) {
  size_t length = folder ? strlen(folder) : 0;
  if (!length || strncmp(path, folder, length) != 0) return NULL;
  if (!path[length]) return ".";
  return path[length] == '/' ? path + length + 1 : NULL;
}

static const char* name_of(int fd, char* buffer) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, buffer, PATH_MAX - 1);
  if (record < 0 || length <= 0) return NULL;
  buffer[length] = '\0';
  return below(buffer);
}

static void say(const char* operation, const char* name, int64_t number, const void* bytes, size_t size) {
  size_t head = strlen(operation) + strlen(name) + 32;
  char* line = malloc(head + 2 * size + 2);
  size_t at = (size_t)snprintf(line, head, "%s %s %lld ", operation, name, (long long)number);
  for (size_t i = 0; i < size; ++i) at += (size_t)sprintf(line + at, "%02x", ((const uint8_t*)bytes)[i]);
  line[at++] = '\n';
  syscall(SYS_write, record, line, at);
  free(line);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  ssize_t done = REAL(pwrite64)(fd, bytes, size, offset);
  char path[PATH_MAX];
  const char* name = done > 0 ? name_of(fd, path) : NULL;
  if (name) say("write", name, offset, bytes, (size_t)done);
  return done;
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) { return pwrite64(fd, bytes, size, offset); }

ssize_t write(int fd, const void* bytes, size_t size) {
  ssize_t done = REAL(write)(fd, bytes, size);
  char path[PATH_MAX];
  const char* name = done > 0 ? name_of(fd, path) : NULL;
  if (name) say("write", name, lseek(fd, 0, SEEK_CUR) - done, bytes, (size_t)done);
  return done;
}

int ftruncate64(int fd, off64_t size) {
  int done = REAL(ftruncate64)(fd, size);
  char path[PATH_MAX];
  const char* name = done == 0 ? name_of(fd, path) : NULL;
  if (name) say("truncate", name, size, NULL, 0);
  return done;
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static int synced(int fd, int done) {
  char path[PATH_MAX];
  const char* name = done == 0 ? name_of(fd, path) : NULL;
  if (name) say("sync", name, 0, NULL, 0);
  return done;
}
int fsync(int fd) { return synced(fd, REAL(fsync)(fd)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)(fd)); }

int unlink(const char* path) {
  int done = REAL(unlink)(path);
  if (done == 0 && record >= 0 && below(path)) say("unlink", below(path), 0, NULL, 0);
  return done;
}
int rename(const char* from, const char* to) {
  int done = REAL(rename)(from, to);
  if (done == 0 && record >= 0 && below(from) && below(to)) say("rename", below(from), 0, below(to), strlen(below(to)));
  return done;
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  int done = REAL(renameat2)(from_folder, from, to_folder, to, flags);
  if (done == 0 && record >= 0 && below(from) && below(to)) say("rename", below(from), 0, below(to), strlen(below(to)));
  return done;
}
int link(const char* from, const char* to) {
  int done = REAL(link)(from, to);
  if (done == 0 && record >= 0 && below(from) && below(to)) say("link", below(from), 0, below(to), strlen(below(to)));
  return done;
}
