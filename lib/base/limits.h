/* SPDX-License-Identifier: ISC */
#pragma once
/* Every hard limit (architecture section 8): none is configurable, each is tested. */

#define CC_FRAME_MAX (16u << 20)  /* octets of one ZeroMQ frame */
#define CC_MSG_MAX (16u << 20)	  /* octets of one CC message, all frames together */
#define CC_ROUTE_MAX 8		  /* route frames: hops a message may have made */
#define CC_ROUTE_FRAME_MAX 255	  /* octets of one route frame (libzmq's own bound on identities) */
#define CC_BODY_FRAMES_MAX 8	  /* frames after the delimiter */
#define CC_TYPE_MAX 128		  /* octets of the type frame */
#define CC_JSON_DEPTH 32	  /* nesting of objects and arrays */
#define CC_HOP_ERROR_MAX 256	  /* octets of a hop error's body */
#define CC_CMS_MAX (64u << 10)	  /* octets of a detached signature frame */
#define CC_CERT_MAX (16u << 10)	  /* octets of the certificates in one message */
#define CC_CRL_MAX (4u << 20)	  /* octets of one file of CRLs: some 70 000 entries */
#define CC_SIGNER_NAME_MAX 255	  /* octets of a signer's name (URN or CN) */
#define CC_ID_HEX 32		  /* hex digits of a request id */
#define CC_DEADLINE_MAX_MS 600000 /* longest deadline or budget a request may ask for */

#define CC_INI_FILE_MAX (1u << 20)  /* octets of one configuration file */
#define CC_INI_LINE_MAX 8192	    /* octets of one line */
#define CC_INI_DEPTH 8		    /* nesting of include */
#define CC_INI_FILES 64		    /* files read for one configuration */
#define CC_INI_ENTRIES 50000	    /* options of one configuration */
#define CC_INI_INTERPOLATIONS 10    /* depth of %(name)s, as the original */
#define CC_INI_VALUE_MAX 65536	    /* octets of one value after interpolation */
#define CC_INI_TOTAL_MAX (4u << 20) /* octets and %(name)s of all values of one configuration */
