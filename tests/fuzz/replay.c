/*
 * Replay: run a fuzz target over files instead of under the fuzzer.
 *
 *   replay_X FILE-OR-FOLDER...
 *
 * Linked with one fuzz_X.c. Folders are read one level deep, in the order of
 * their names. Answers in TAP; no input at all is a failure, since a corpus
 * that got lost would otherwise pass for ever.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_BYTES_MAX (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns the number of inputs that ran, 1, or -1 after saying why not. */
static long replay_file(const char *path, size_t size)
{
	uint8_t *data = NULL;
	FILE *f = NULL;
	long ran = -1;

	f = fopen(path, "rb");
	/* exactly as large as the input, so that ASan sees its end */
	data = malloc(size > 0 ? size : 1);
	if (f == NULL || data == NULL || fread(data, 1, size, f) != size) {
		fprintf(stderr, "# cannot read %s\n", path);
		goto out;
	}
	if (LLVMFuzzerTestOneInput(data, size) != 0) {
		fprintf(stderr, "# %s: the target did not return 0\n", path);
		goto out;
	}
	ran = 1;
out:
	free(data);
	if (f != NULL) {
		fclose(f);
	}
	return ran;
}

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static long replay_path(const char *path, int depth);

static long replay_folder(const char *folder, int depth)
{
	struct dirent **names = NULL;
	char path[4096];
	long total = 0;
	long ran;
	int n;
	int i;

	n = scandir(folder, &names, is_visible, alphasort);
	if (n < 0) {
		fprintf(stderr, "# cannot list %s\n", folder);
		return -1;
	}
	for (i = 0; i < n; i++) {
		if (total >= 0) {
			(void)snprintf(path, sizeof path, "%s/%s", folder,
				       names[i]->d_name);
			ran = replay_path(path, depth + 1);
			total = ran < 0 ? -1 : total + ran;
		}
		free(names[i]);
	}
	free(names);
	return total;
}

static long replay_path(const char *path, int depth)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		fprintf(stderr, "# %s is not there\n", path);
		return -1;
	}
	if (S_ISDIR(st.st_mode) && depth == 0) {
		return replay_folder(path, depth);
	}
	if (!S_ISREG(st.st_mode) || st.st_size > INPUT_BYTES_MAX) {
		fprintf(stderr, "# %s is not an input\n", path);
		return -1;
	}
	return replay_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash == NULL ? argv[0] : slash + 1;
	long total = 0;
	long ran = 0;
	int i;

	printf("1..1\n");
	(void)fflush(stdout);
	for (i = 1; i < argc && ran >= 0; i++) {
		ran = replay_path(argv[i], 0);
		total += ran;
	}
	if (ran < 0 || total == 0) {
		printf("not ok 1 - %s: no input, or one that failed\n", name);
		return EXIT_FAILURE;
	}
	printf("ok 1 - %s over %ld inputs\n", name, total);
	return EXIT_SUCCESS;
}
