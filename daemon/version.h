/*
 * The version of this program. A release changes it here and nowhere else.
 */
#ifndef WEALD_DAEMON_VERSION_H
#define WEALD_DAEMON_VERSION_H

#define WEALD_RELEASE "0.1.0"

#endif
