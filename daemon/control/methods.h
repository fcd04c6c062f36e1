/* The methods that sign or import: work that takes its turn at the feeds. */
#ifndef WEALD_DAEMON_CONTROL_METHODS_H
#define WEALD_DAEMON_CONTROL_METHODS_H

#include "daemon/control/server.h"

method_fn method_publish;
method_fn method_withdraw;
method_fn method_key_prepare;
method_fn method_key_rotate;
method_fn method_key_discard;
method_fn method_import;

#endif
