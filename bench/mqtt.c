/* MQTT 3.1.1 at the speed of C, for measuring: a load that publishes, and a subscriber that stores nothing.
 *
 *   mqtt publish PORT LOGIN SECRET CONNECTIONS WINDOW FILE   one "topic<TAB>payload" a line, each published once, QoS 1
 *   mqtt drain   PORT LOGIN SECRET CLIENT_ID TOPIC COUNT     durable session, QoS 1; acknowledges all, until COUNT came
 *   mqtt forget  PORT LOGIN SECRET CLIENT_ID                 ends a durable session and what is queued for it
 *
 * `publish` encodes every packet before it starts. It keeps at most WINDOW messages of a connection unacknowledged, and
 * publishes no more in total than the newest number it read from its standard input: so its caller bounds the backlog.
 * `publish` and `drain` print "<seconds since 1970> <how many so far>": acknowledged by the broker, and received.
 * Whatever goes wrong ends the program with a sentence.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CONNECT = 0x10, CONNACK = 0x20, PUBLISH_QOS1 = 0x32, PUBACK = 0x40, SUBSCRIBE = 0x82, SUBACK = 0x90,
       DISCONNECT = 0xe0 };
enum { DUP = 0x08, PACKET_IDS = 65535, CHUNK = 1 << 20, MOST_CONNECTIONS = 64 };
enum { PROGRESS_MS = 50 };

static void die(const char *what) {
    fprintf(stderr, "mqtt: %s\n", what);
    exit(1);
}

static void die_of_system(const char *what) {
    fprintf(stderr, "mqtt: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void *need(void *memory) {
    if (!memory) die("out of memory");
    return memory;
}

static long number(const char *text, long least, long most) {
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || end == text || value < least || value > most) {
        fprintf(stderr, "mqtt: %s is not a number from %ld to %ld\n", text, least, most);
        exit(2);
    }
    return value;
}

static void report(long count) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    printf("%lld.%06ld %ld\n", (long long)now.tv_sec, now.tv_nsec / 1000, count);
    fflush(stdout);
}

/* Report `count` when something came and PROGRESS_MS have passed since the last report. */
static void report_now_and_then(long count) {
    static int64_t reported_at;
    static long reported;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t milliseconds = now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
    if (count == reported || milliseconds - reported_at < PROGRESS_MS) return;
    reported_at = milliseconds;
    reported = count;
    report(count);
}

/* ---- packets ---- */

static uint8_t *put_length(uint8_t *at, size_t length) {
    do {
        *at++ = (uint8_t)(length % 128 | (length >= 128 ? 128 : 0));
    } while (length /= 128);
    return at;
}

static uint8_t *put_text(uint8_t *at, const char *text, size_t length) {
    *at++ = (uint8_t)(length >> 8);
    *at++ = (uint8_t)length;
    memcpy(at, text, length);
    return at + length;
}

/* The whole size of the packet at `at`, or 0 while its head is not complete. */
static size_t packet_size(const uint8_t *at, size_t available, size_t *head) {
    size_t length = 0;
    for (size_t i = 1; i < available && i < 5; i++) {
        length |= (size_t)(at[i] & 127) << (7 * (i - 1));
        if (!(at[i] & 128)) {
            *head = i + 1;
            return *head + length;
        }
    }
    return 0;
}

/* ---- one connection ---- */

static void send_all(int fd, const uint8_t *bytes, size_t count) {
    while (count) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) die_of_system("cannot send to the broker");
        if (sent > 0) bytes += sent, count -= (size_t)sent;
    }
}

static void expect(int fd, uint8_t kind, size_t size, const char *refusal) {
    uint8_t answer[8];
    if (recv(fd, answer, size, MSG_WAITALL) != (ssize_t)size || answer[0] != kind || answer[size - 1] >= 0x80 ||
        (kind == CONNACK && answer[3]))
        die(refusal);
}

static int connect_as(int port, const char *login, const char *secret, const char *client_id, int clean) {
    uint8_t body[1024], packet[1028], *end;
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&where, sizeof where)) die_of_system("the broker cannot be reached");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (strlen(client_id) + strlen(login) + strlen(secret) > 900) die("login, secret or client id is too long");
    end = put_text(body, "MQTT", 4);
    *end++ = 4;                                /* protocol level: 3.1.1 */
    *end++ = (uint8_t)(0xc0 | (clean ? 2 : 0)); /* with login and secret */
    *end++ = 0, *end++ = 0;                    /* no keepalive */
    end = put_text(end, client_id, strlen(client_id));
    end = put_text(end, login, strlen(login));
    end = put_text(end, secret, strlen(secret));
    size_t length = (size_t)(end - body);
    packet[0] = CONNECT;
    end = put_length(packet + 1, length);
    memcpy(end, body, length);
    send_all(fd, packet, (size_t)(end - packet) + length);
    expect(fd, CONNACK, 4, "the broker refuses the connection");
    return fd;
}

static void subscribe(int fd, const char *topic) {
    uint8_t packet[256], *end;
    size_t length = 2 + 2 + strlen(topic) + 1;
    if (length > 127) die("the topic is too long");
    packet[0] = SUBSCRIBE;
    end = put_length(packet + 1, length);
    *end++ = 0, *end++ = 1;
    end = put_text(end, topic, strlen(topic));
    *end++ = 1;
    send_all(fd, packet, (size_t)(end - packet));
    expect(fd, SUBACK, 5, "the broker refuses the subscription");
}

static void leave(int fd) {
    const uint8_t goodbye[] = {DISCONNECT, 0};
    send_all(fd, goodbye, sizeof goodbye);
    shutdown(fd, SHUT_WR);
    uint8_t rest[4096];
    while (recv(fd, rest, sizeof rest, 0) > 0) {} /* until the broker has closed too */
    close(fd);
}

/* ---- the load ---- */

typedef struct {
    int fd;
    uint8_t *bytes;     /* all packets of this connection, one after the other */
    size_t *ends;       /* where each of them ends */
    long count, acked;
    size_t used, sent;  /* bytes */
    size_t ack_bytes;   /* received of acknowledgements: each has 4 */
} Publisher;

static void encode(Publisher *to, const char *topic, size_t topic_size, const char *payload, size_t payload_size) {
    size_t length = 2 + topic_size + 2 + payload_size;
    long id = to->count % PACKET_IDS + 1;
    uint8_t *at = to->bytes + to->used;
    *at++ = PUBLISH_QOS1;
    at = put_text(put_length(at, length), topic, topic_size);
    *at++ = (uint8_t)(id >> 8);
    *at++ = (uint8_t)id;
    memcpy(at, payload, payload_size);
    to->used = (size_t)(at + payload_size - to->bytes);
    to->ends[to->count++] = to->used;
}

static char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) die_of_system(path);
    *size = (size_t)ftell(file);
    rewind(file);
    char *text = need(malloc(*size + 1));
    if (fread(text, 1, *size, file) != *size) die_of_system(path);
    fclose(file);
    return text;
}

/* Deal the lines of the file round-robin to the publishers; returns how many there are. */
static long encode_file(const char *path, Publisher *publishers, long connections) {
    size_t size;
    char *text = read_file(path, &size), *end = text + size;
    long lines = 0, dealt = 0;
    for (char *at = text; (at = memchr(at, '\n', (size_t)(end - at))); at++) lines++;
    for (long i = 0; i < connections; i++) {
        size_t share = (size_t)(lines / connections + 1);
        publishers[i].ends = need(malloc(share * sizeof(size_t)));
        publishers[i].bytes = need(malloc(size + (size_t)lines * 8)); /* pages are only taken when written */
    }
    for (char *line = text, *stop; line < end && (stop = memchr(line, '\n', (size_t)(end - line))); line = stop + 1) {
        char *tab = memchr(line, '\t', (size_t)(stop - line));
        if (!tab || stop - line > 60000) die("a line is not topic<TAB>payload, or longer than 60,000 bytes");
        encode(&publishers[dealt++ % connections], line, (size_t)(tab - line), tab + 1, (size_t)(stop - tab - 1));
    }
    free(text);
    return dealt;
}

/* How many bytes this publisher may have sent by now. */
static size_t may_send(const Publisher *from, long window, long share) {
    long most = from->acked + window;
    if (most > share) most = share;
    if (most > from->count) most = from->count;
    return most ? from->ends[most - 1] : 0;
}

static void publish_more(Publisher *from, size_t limit) {
    ssize_t sent = send(from->fd, from->bytes + from->sent, limit - from->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) die_of_system("the broker closed a connection of the load");
    if (sent > 0) from->sent += (size_t)sent;
}

static void read_acks(Publisher *from) {
    static uint8_t chunk[1 << 16];
    ssize_t count = recv(from->fd, chunk, sizeof chunk, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) die("the broker closed a connection of the load");
    for (size_t i = (4 - from->ack_bytes % 4) % 4; i < (size_t)count; i += 4)
        if (chunk[i] != PUBACK) die("the broker sent something else than an acknowledgement");
    from->ack_bytes += (size_t)count;
    from->acked = (long)(from->ack_bytes / 4);
}

/* The newest number of standard input; at its end nothing holds the load back any more. */
static long read_allowance(struct pollfd *input, long before, long everything) {
    char text[4096];
    ssize_t count = read(input->fd, text, sizeof text - 1);
    if (count <= 0) {
        input->fd = -1;
        return everything;
    }
    text[count] = 0;
    char *stop = strrchr(text, '\n');
    if (!stop) return before;
    *stop = 0;
    char *line = strrchr(text, '\n');
    return atol(line ? line + 1 : text);
}

static int publish(int port, char **args) {
    long connections = number(args[2], 1, MOST_CONNECTIONS), window = number(args[3], 1, PACKET_IDS - 1);
    Publisher *publishers = need(calloc((size_t)connections, sizeof *publishers));
    struct pollfd *polled = need(calloc((size_t)connections + 1, sizeof *polled));
    long total = encode_file(args[4], publishers, connections), allowed = 0, acked = 0;
    for (long i = 0; i < connections; i++) {
        char id[32];
        snprintf(id, sizeof id, "load-%ld", i);
        publishers[i].fd = polled[i].fd = connect_as(port, args[0], args[1], id, 1);
        fcntl(polled[i].fd, F_SETFL, O_NONBLOCK);
    }
    polled[connections] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    report(0);
    while (acked < total) {
        long share = allowed >= total ? total : allowed / connections;
        for (long i = 0; i < connections; i++)
            polled[i].events = POLLIN | (publishers[i].sent < may_send(&publishers[i], window, share) ? POLLOUT : 0);
        if (poll(polled, (nfds_t)connections + 1, PROGRESS_MS) < 0) die_of_system("poll");
        if (polled[connections].revents) allowed = read_allowance(&polled[connections], allowed, total);
        acked = 0;
        for (long i = 0; i < connections; i++) {
            if (polled[i].revents & ~POLLOUT) read_acks(&publishers[i]);
            if (polled[i].revents & POLLOUT) publish_more(&publishers[i], may_send(&publishers[i], window, share));
            acked += publishers[i].acked;
        }
        report_now_and_then(acked);
    }
    report(acked);
    for (long i = 0; i < connections; i++) {
        fcntl(publishers[i].fd, F_SETFL, 0);
        leave(publishers[i].fd);
    }
    return 0;
}

/* ---- the subscriber that stores nothing ---- */

static int drain(int port, char **args) {
    static uint8_t chunk[CHUNK], acks[CHUNK];
    long total = number(args[4], 1, 1000000000), received = 0;
    size_t kept = 0; /* bytes of a packet whose end has not come yet */
    int fd = connect_as(port, args[0], args[1], args[2], 0);
    subscribe(fd, args[3]);
    struct timeval pause = {.tv_usec = PROGRESS_MS * 1000}; /* to report what came last also when nothing follows */
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof pause);
    report(0);
    while (received < total) {
        ssize_t count = recv(fd, chunk + kept, sizeof chunk - kept, 0);
        if (count < 0 && errno == EAGAIN) {
            report_now_and_then(received);
            continue;
        }
        if (count <= 0) die("the broker closed the connection of the subscriber");
        size_t available = kept + (size_t)count, at = 0, ack_size = 0, head = 0, size;
        while ((size = packet_size(chunk + at, available - at, &head)) && size <= available - at) {
            const uint8_t *packet = chunk + at;
            at += size;
            if ((packet[0] & ~DUP) != PUBLISH_QOS1) die("the broker sent something else than a message of QoS 1");
            const uint8_t *id = packet + head + 2 + (packet[head] << 8 | packet[head + 1]);
            const uint8_t ack[] = {PUBACK, 2, id[0], id[1]};
            memcpy(acks + ack_size, ack, sizeof ack);
            ack_size += sizeof ack;
            received += !(packet[0] & DUP);
        }
        kept = available - at;
        memmove(chunk, chunk + at, kept);
        send_all(fd, acks, ack_size);
        report_now_and_then(received);
    }
    report(received);
    leave(fd);
    return 0;
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "";
    char **args = argv + 3; /* LOGIN SECRET ... */
    if (!strcmp(mode, "publish") && argc == 8) return publish((int)number(argv[2], 1, 65535), args);
    if (!strcmp(mode, "drain") && argc == 8) return drain((int)number(argv[2], 1, 65535), args);
    if (!strcmp(mode, "forget") && argc == 6) {
        leave(connect_as((int)number(argv[2], 1, 65535), args[0], args[1], args[2], 1));
        return 0;
    }
    fprintf(stderr, "mqtt: see the head of mqtt.c for its arguments\n");
    return 2;
}
